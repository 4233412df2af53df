// All studies, by the names of their workloads.
import { checkpointStudies } from "./checkpoints.ts";
import { curveStudies } from "./curves.ts";
import { densityStudies } from "./density.ts";
import { kafkaStudies } from "./kafka.ts";
import { latencyStudies } from "./latency.ts";
import { postgresStudies } from "./postgres.ts";
import type { Row } from "../report.ts";
import type { Study } from "./study.ts";

/** In the order in which they are measured. */
export const studies: readonly Study[] = [...checkpointStudies, ...latencyStudies, ...kafkaStudies, ...postgresStudies, ...densityStudies, ...curveStudies];

/** The studies that a name stands for: `w5` for all of a workload, `w5/base` for one. Empty where it stands for none. */
export function studiesOf(name: string): readonly Study[] {
  return studies.filter(({ workload, variant }) => name === workload || name === `${workload}/${variant}`);
}

/** The study that a row is from. */
export function studyOf({ workload, variant }: Pick<Row, "workload" | "variant">): Study | undefined {
  return studies.find((study) => study.workload === workload && (study.variant === variant || variant.startsWith(`${study.variant}-`)));
}
