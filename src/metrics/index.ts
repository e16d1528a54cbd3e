/**
 * Metrics of plain arrays. The group report itself is in the package's root.
 *
 * @module
 */
export { unmeasuredReport, type MissingGroups } from './group-report.ts';
export { nullReasons, whyNull, type ReasonedReport, type SummaryName } from './missing-groups.ts';
export { bootstrapInterval, type BootstrapOptions } from './bootstrap-interval.ts';
export { wilsonInterval } from './wilson-interval.ts';
export { predictedClasses, type Predictions } from './predictions.ts';
export { accuracy, confusionMatrix, f1Score, meanCrossEntropy, type F1Score } from './classification.ts';
export {
  classificationMetrics,
  groupedMetrics,
  type ClassificationMetrics,
  type ClassificationMetricsOptions,
  type GroupedMetrics,
} from './classification-metrics.ts';
export { multiLabelMetrics, type MultiLabelMetrics } from './multi-label.ts';
export { areaUnderRoc, recallAtThresholds } from './ranking.ts';
export { expectedCalibrationError } from './calibration.ts';
export { invarianceMetric } from './invariance-metric.ts';
export { frechetDistance } from './frechet-distance.ts';
