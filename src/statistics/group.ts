import type { Metrics } from "./body.ts";
import { Course, type CourseScope } from "./course.ts";
import { middleSeconds } from "./holding.ts";
import { allMetrics, type Reasons } from "./metrics.ts";
import { Totals } from "./totals.ts";

/** One period or one key of a breakdown, with all that its metrics are written from. */
export class Group {
  readonly totals = new Totals();
  readonly course: Course;
  #lowerSeconds: number | null = null;
  #upperSeconds: number | null = null;

  constructor(scope: CourseScope) {
    this.course = new Course(scope);
  }

  /** The middle holding time (of an even number the lower), and the one after it. */
  takeMiddle(seconds: number, isLower: boolean): void {
    if (isLower) this.#lowerSeconds = seconds;
    else this.#upperSeconds = seconds;
  }

  private medianSeconds(): number | null {
    if (this.#lowerSeconds === null) return null;
    const isEven = this.totals.trades % 2 === 0;
    return middleSeconds(this.#lowerSeconds, isEven ? this.#upperSeconds : null);
  }

  metrics(told: Reasons | null): Metrics {
    return allMetrics({ totals: this.totals, course: this.course, medianSeconds: this.medianSeconds() }, told);
  }
}
