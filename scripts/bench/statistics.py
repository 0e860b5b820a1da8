"""Usage: /usr/bin/python3 scripts/bench/statistics.py FOLDER

The pages of make-trade-pages.ts by pandas, vectorised over all users and groups: the figures of each user's whole, years, quarters, months,
weeks and nine breakdowns, and the counts and sums of days, written as JSON. Less than analyze-stats does: floats for money, no dates of
drawdowns, no fractions of them, no regression, no reasons, no texts of 18 digits. Says on stderr what can be compared.
"""
import glob
import json
import sys

import numpy as np
import pandas as pd

start = 10_000.0
names = ["user_id", "symbol", "direction", "market", "broker", "account_id", "net_pnl", "gross_pnl", "fees", "funding"]
names += ["quantity", "contract_size", "entry_price", "opened_at", "closed_at", "trade_id"]
days_in_year = 365  # the trades are of a market that never closes


def read(folder):
    columns = {name: [] for name in names}
    for path in sorted(glob.glob(f"{folder}/*.json")):
        with open(path, encoding="utf-8") as page:
            for trade in json.load(page)["data"]:
                for name in names:
                    columns[name].append(trade[name])
    return pd.DataFrame(columns)


def prepare(table):
    for name in ("net_pnl", "gross_pnl", "fees", "funding", "quantity", "contract_size", "entry_price"):
        table[name] = table[name].astype(float)
    opened = pd.to_datetime(table.pop("opened_at"), utc=True)
    closed = pd.to_datetime(table.pop("closed_at"), utc=True)
    table["closed"] = closed
    table["holding"] = (closed - opened).dt.total_seconds() // 1
    order = pd.DataFrame({"user": table["user_id"], "closed": closed, "opened": opened, "id": table["trade_id"]})
    table = table.loc[order.sort_values(["user", "closed", "opened", "id"]).index].reset_index(drop=True)
    net = table["net_pnl"]
    table["volume"] = (table.pop("quantity") * table.pop("contract_size") * table.pop("entry_price")).round(8)
    table["outcome"] = np.sign(net).astype(int)
    table["wins"], table["losses"] = net > 0, net < 0
    table["profit"], table["lost"] = net.clip(lower=0), -net.clip(upper=0)
    table["before"] = net.groupby(table["user_id"]).cumsum() - net + start
    closed = table.pop("closed")
    local = closed.dt.tz_convert("Europe/Paris").dt.tz_localize(None)
    date = local.dt.normalize()
    table["day"] = (date - pd.Timestamp("1970-01-01")).dt.days
    table["week"] = table["day"] - local.dt.weekday
    table["year"] = local.dt.year
    table["month"] = local.dt.year * 12 + local.dt.month
    table["quarter"] = local.dt.year * 4 + local.dt.quarter
    table["weekday"], table["hour"] = local.dt.weekday, local.dt.hour
    table["session"] = sessions(closed)
    table["holding_time"] = np.digitize(table["holding"], [60, 900, 3_600, 14_400, 86_400, 604_800])
    return table


def sessions(closed):
    """The one that opened last of three cities' working days."""
    hour = lambda zone: closed.dt.tz_convert(zone).dt.hour
    york, london, tokyo = hour("America/New_York"), hour("Europe/London"), hour("Asia/Tokyo")
    inside = [york.between(8, 16), london.between(8, 16), tokyo.between(9, 17)]
    return np.select(inside, [0, 1, 2], 3)


def sums(table, keys):
    names = ["net_pnl", "gross_pnl", "fees", "funding", "volume", "wins", "losses", "profit", "lost"]
    groups = table.groupby(keys, observed=True)
    return pd.concat([groups.size().rename("trades"), groups[names].sum()], axis=1)


def figures(table, key):
    """The groups of a user by one key, in the order of closes. `key` None: the whole."""
    keys = ["user_id"] if key is None else ["user_id", key]
    result = sums(table, keys)
    grouped = table.groupby(keys, observed=True)
    number = grouped.ngroup()
    net = table["net_pnl"]
    groups = net.groupby(number)
    n, won, lost = result["trades"].to_numpy(), result["wins"].to_numpy(), result["losses"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        win, loss = result["profit"] / won, result["lost"] / lost
        result["win_rate"], result["loss_rate"], result["breakeven_rate"] = won / n, lost / n, (n - won - lost) / n
        result["win_rate_ex_breakeven"] = won / (won + lost)
        result["profit_factor"] = result["profit"] / result["lost"]
        result["expectancy"] = result["net_pnl"] / n
        result["expectancy_ratio"] = result["expectancy"] / loss
        result["average_win"], result["average_loss"], result["payoff"] = win, loss, win / loss
        result["kelly"] = won / (won + lost) - lost / (won + lost) / (win / loss)
        result["largest_win"], result["largest_loss"] = groups.max().to_numpy(), groups.min().to_numpy()
        result["sd"] = groups.std().to_numpy()
        result["sqn_pnl"] = np.sqrt(n) * result["expectancy"] / result["sd"]
        streaks(table, number, result)
        drawdowns(groups, number, result)
        daily(table, number, result, key not in (None, "year", "quarter", "month", "week"))
    for name, chosen in (("", slice(None)), ("win_", table["wins"]), ("loss_", table["losses"])):
        held = table["holding"][chosen].groupby(number[chosen])
        result[f"average_{name}holding"] = held.mean().reindex(range(len(result))).to_numpy()
    result["median_holding"] = table["holding"].groupby(number).median().to_numpy()
    return result


def streaks(table, number, result):
    outcome = table["outcome"]
    order = np.argsort(number.to_numpy(), kind="stable")
    group, came, net = number.to_numpy()[order], outcome.to_numpy()[order], table["net_pnl"].to_numpy()[order]
    begins = np.r_[True, (group[1:] != group[:-1]) | (came[1:] != came[:-1])]
    first = np.flatnonzero(begins)
    runs = pd.DataFrame({"group": group[first], "outcome": came[first], "length": np.diff(np.r_[first, len(group)]),
                         "pnl": np.add.reduceat(net, first)})
    for side, name in ((1, "win"), (-1, "loss")):
        longest = runs[runs["outcome"] == side].sort_values("length", kind="stable", ascending=False).drop_duplicates("group")
        longest = longest.set_index("group").reindex(range(len(result)))
        result[f"longest_{name}_streak"], result[f"longest_{name}_streak_pnl"] = longest["length"].to_numpy(), longest["pnl"].to_numpy()
    last = runs.drop_duplicates("group", keep="last").sort_values("group")
    result["current_streak"] = (last["length"] * last["outcome"]).to_numpy()
    count = runs[runs["outcome"] != 0].groupby("group").size().reindex(range(len(result)), fill_value=0).to_numpy()
    won, lost = result["wins"].to_numpy(), result["losses"].to_numpy()
    product, decided = 2 * won * lost, won + lost
    result["z_score"] = (decided * (count - 0.5) - product) / np.sqrt(product * (product - decided) / (decided - 1))


def drawdowns(groups, number, result):
    total = groups.cumsum()
    depth = total.groupby(number).cummax().clip(lower=0) - total
    result["max_drawdown"] = depth.groupby(number).max().to_numpy()
    result["recovery_factor"] = result["net_pnl"] / result["max_drawdown"]


def daily(table, number, result, from_start):
    """Sharpe and Sortino of the returns of each day from the first close to the last, days without one being 0."""
    days = table.groupby([number, table["day"]]).agg(net=("net_pnl", "sum"), before=("before", "first")).reset_index()
    group = days["level_0"] if "level_0" in days else days.iloc[:, 0]
    if from_start:
        days["before"] = days["net"].groupby(group).cumsum() - days["net"] + start
    days["return"] = days["net"] / days["before"]
    days["square"] = days["return"] ** 2
    days["downside"] = days["return"].clip(upper=0) ** 2
    by = days.groupby(group)
    count = (by["day"].max() - by["day"].min() + 1).to_numpy()
    mean = by["return"].sum().to_numpy() / count
    variance = (by["square"].sum().to_numpy() - count * mean**2) / (count - 1)
    result["trading_days"] = by.size().to_numpy()
    result["winning_days"] = (days["net"] > 0).groupby(group).sum().to_numpy()
    result["best_day_pnl"], result["worst_day_pnl"] = by["net"].max().to_numpy(), by["net"].min().to_numpy()
    result["sharpe"] = mean / np.sqrt(variance) * np.sqrt(days_in_year)
    result["sortino"] = mean / np.sqrt(by["downside"].sum().to_numpy() / count) * np.sqrt(days_in_year)


table = prepare(read(sys.argv[1]))
kinds = [None, "year", "quarter", "month", "week", "symbol", "market", "broker", "account_id", "direction"]
kinds += ["weekday", "hour", "session", "holding_time"]
groups = written = 0
checks = {"net_pnl": 0.0, "max_drawdown": 0.0, "sharpe": 0.0, "longest_win_streak": 0.0}
for kind in kinds:
    result = figures(table, kind)
    groups += len(result)
    written += len(result.to_json(orient="records", double_precision=8))
    if kind in ("month", "week", "symbol"):
        for name in checks:
            checks[name] += float(result[name].replace([np.inf, -np.inf], np.nan).sum())
days = sums(table, ["user_id", "day"])
written += len(days.to_json(orient="records", double_precision=8))
said = ", ".join(f"{name} {value:.2f}" for name, value in checks.items())
print(f"  months, weeks and symbols: {said}; {groups} groups, {len(days)} days, {round(written / 1e6)} MB", file=sys.stderr)
