import { expect, test } from "bun:test";
import { calendars, spreadSeconds, withSchedule } from "../../../src/workers/service/schedule.ts";

/** The minutes of a day at which systemd would elapse, by the forms that `calendars` uses. */
function minutesOf(calendar: string): number[] {
  const [hours = "", minutes = ""] = calendar.split(":");
  const hourList = hours === "*" ? Array.from({ length: 24 }, (_, hour) => hour) : hours.split(",").map(Number);
  const step = /^(\d+)\/(\d+)$/.exec(minutes);
  const minuteList: number[] = [];
  if (step === null) minuteList.push(...minutes.split(",").map(Number));
  else for (let minute = Number(step[1]); minute < 60; minute += Number(step[2])) minuteList.push(minute);
  return hourList.flatMap((hour) => minuteList.map((minute) => hour * 60 + minute));
}

test("every interval from a minute to a day elapses as often as it should, and at no other time", () => {
  for (let interval = 1; interval <= 1440; interval++) {
    for (const offset of [0, 7]) {
      const expected: number[] = [];
      for (let minute = offset % interval; minute < 1440; minute += interval) expected.push(minute);
      const found = calendars(interval, offset)
        .flatMap(minutesOf)
        .sort((a, b) => a - b);
      expect([interval, offset, found]).toEqual([interval, offset, expected]);
    }
  }
});

test("no expression has a step that systemd refuses, or a number out of its range", () => {
  for (let interval = 1; interval <= 1440; interval++) {
    for (const calendar of calendars(interval, 7)) {
      expect(calendar).toMatch(/^(\*|\d\d(,\d\d)*):(\d\d(,\d\d)*|\d+\/([1-9]|[12]\d|30))$/);
    }
  }
});

test.each([
  [1, 0, ["*:0/1"]],
  [15, 0, ["*:0/15"]],
  [15, 7, ["*:7/15"]],
  [30, 0, ["*:0/30"]],
  [60, 0, ["*:00"]],
  [60, 7, ["*:07"]],
  [45, 0, ["00,03,06,09,12,15,18,21:00,45", "01,04,07,10,13,16,19,22:30", "02,05,08,11,14,17,20,23:15"]],
  [90, 0, ["00,03,06,09,12,15,18,21:00", "01,04,07,10,13,16,19,22:30"]],
  [120, 7, ["00,02,04,06,08,10,12,14,16,18,20,22:07"]],
  [1440, 7, ["00:07"]],
])("%d minutes, %d after midnight", (interval, offset, expected) => {
  expect(calendars(interval, offset)).toEqual(expected);
});

test("a start is put off by a quarter of the interval at most", () => {
  for (let interval = 1; interval <= 1440; interval++) {
    expect(spreadSeconds(interval)).toBeLessThanOrEqual(Math.max(15, (interval * 60) / 4));
    expect(spreadSeconds(interval)).toBeLessThanOrEqual(60);
  }
});

test("a timer keeps everything but its times", () => {
  const timer = "[Timer]\nOnCalendar=*:0/15\nAccuracySec=5s\nRandomizedDelaySec=60\nPersistent=true\n";
  expect(withSchedule(timer, 90, 0)).toBe(
    "[Timer]\nOnCalendar=00,03,06,09,12,15,18,21:00\nOnCalendar=01,04,07,10,13,16,19,22:30\nAccuracySec=5s\nRandomizedDelaySec=60\nPersistent=true\n",
  );
  expect(withSchedule(timer, 2, 0)).toContain("RandomizedDelaySec=30\n");
});
