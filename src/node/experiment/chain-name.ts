/** The data sets that have configurations of both stages. */
export const CHAINS = ['waterbirds', 'celeba', 'mnist-correlation'] as const;

/** One of {@link CHAINS}. */
export type ChainName = (typeof CHAINS)[number];
