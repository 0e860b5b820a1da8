import type { Metrics } from "./body.ts";
import { Course, type CourseScope } from "./course.ts";
import { MedianCounter } from "./holding.ts";
import { allMetrics, type Reasons } from "./metrics.ts";
import { Totals } from "./totals.ts";

/** One period or one key of a breakdown, with all that its metrics are written from. */
export class Group {
  readonly totals = new Totals();
  readonly course: Course;
  #median: MedianCounter | null = null;

  constructor(scope: CourseScope) {
    this.course = new Course(scope);
  }

  /** Holding times come shortest first, once all trades are counted. */
  passHoldingTime(seconds: number): void {
    this.#median ??= new MedianCounter(this.totals.trades);
    this.#median.pass(seconds);
  }

  metrics(told: Reasons | null): Metrics {
    return allMetrics(
      { totals: this.totals, course: this.course, medianSeconds: this.#median?.seconds() ?? null },
      told,
    );
  }
}
