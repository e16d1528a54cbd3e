/** The published learning-rate schedules. */
import type { PublishedScheduleName } from '../../optimizers/schedules.ts';

/**
 * A published schedule in our settings.
 *
 * @param name As published.
 * @param steps Optimizer steps it takes; null: all of the training.
 * @param end Learning rate at the end of `linear`; null: 0.
 */
export function publishedCourse(
  name: PublishedScheduleName,
  steps: number | null,
  end: number | null,
): Readonly<Record<string, unknown>> {
  switch (name) {
    case 'constant':
      return { kind: 'constant' };
    case 'linear':
      return { kind: 'linear', steps, end: end ?? 0 };
    case 'linear_decay_0.5':
      return { kind: 'linear-from-half', steps, clamped: false };
    case 'cosine':
      return { kind: 'cosine', steps };
    case 'piecewise_quarter':
      return { kind: 'quarters', steps };
    case 'piecewise_custom_1':
      return { kind: 'half-and-three-quarters', steps };
    case 'piecewise_cifar10':
      return { kind: 'piecewise' };
  }
}
