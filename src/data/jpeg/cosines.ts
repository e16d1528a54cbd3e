/** The multipliers of both cosine transforms of JPEG: sums and differences of cos(iπ/16), times 2¹³, as libjpeg's. */

export const C0298 = 2446;
export const C0390 = 3196;
export const C0541 = 4433;
export const C0765 = 6270;
export const C0899 = 7373;
export const C1175 = 9633;
export const C1501 = 12299;
export const C1847 = 15137;
export const C1961 = 16069;
export const C2053 = 16819;
export const C2562 = 20995;
export const C3072 = 25172;
