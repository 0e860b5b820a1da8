const minutesPerDay = 1440;
const minutesPerHour = 60;

/**
 * systemd's OnCalendar expressions for a run every so many minutes, from `offsetMinutes` after midnight on. Where the interval does
 * not go into a day, the last run of a day is followed sooner by the first of the next. Minutes are listed, since a step above 59
 * (`*:0/60`) is refused by systemd, and the timer with it.
 */
export function calendars(intervalMinutes: number, offsetMinutes = 0): string[] {
  const minutesOfHour = new Map<number, number[]>();
  const first = offsetMinutes % intervalMinutes;
  for (let minute = first; minute < minutesPerDay; minute += intervalMinutes) {
    const hour = Math.floor(minute / minutesPerHour);
    minutesOfHour.set(hour, [...(minutesOfHour.get(hour) ?? []), minute % minutesPerHour]);
  }
  const hoursOfMinutes = new Map<string, number[]>();
  for (const [hour, minutes] of minutesOfHour) {
    const text = minutesText(minutes);
    hoursOfMinutes.set(text, [...(hoursOfMinutes.get(text) ?? []), hour]);
  }
  return [...hoursOfMinutes].map(([minutes, hours]) => `${hoursText(hours)}:${minutes}`);
}

/** How long a start may be put off, so that machines do not all ask the platform at once. */
export function spreadSeconds(intervalMinutes: number): number {
  return Math.min(60, intervalMinutes * 15);
}

/** The unit file with its own schedule replaced. */
export function withSchedule(timer: string, intervalMinutes: number, offsetMinutes: number): string {
  const lines = calendars(intervalMinutes, offsetMinutes).map((calendar) => `OnCalendar=${calendar}`);
  return timer
    .replace(/^OnCalendar=.*$/m, lines.join("\n"))
    .replace(/^RandomizedDelaySec=.*$/m, `RandomizedDelaySec=${spreadSeconds(intervalMinutes)}`);
}

function hoursText(hours: readonly number[]): string {
  return hours.length === minutesPerDay / minutesPerHour ? "*" : hours.map(twoDigits).join(",");
}

/** `0/15` where that says the same, the way people write it. */
function minutesText(minutes: readonly number[]): string {
  const [first = 0, second] = minutes;
  if (second !== undefined) {
    const step = second - first;
    const whole = minutesPerHour % step === 0 && first < step && minutes.length === minutesPerHour / step;
    if (whole) return `${first}/${step}`;
  }
  return minutes.map(twoDigits).join(",");
}

const twoDigits = (value: number): string => String(value).padStart(2, "0");
