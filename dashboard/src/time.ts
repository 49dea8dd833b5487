// The house's clock. A tablet in the cabinet has no internet, and its own may be wrong; curves and decisions are the house's.
// What somebody sets "by seven" is reckoned from the clock they look at, and told as so many seconds from now.
const OFF_MS = 5_000; // less may be the way there and back

let offMs = 0; // the house's clock less this device's

/** The `date` of an answer to what was asked at `askedAt`. */
export function told(date: string | null, askedAt: number): void {
  const off = Date.parse(date ?? "") + 500 - (askedAt + Date.now()) / 2; // it tells whole seconds
  if (Math.abs(off - offMs) > OFF_MS) offMs = Math.abs(off) > OFF_MS ? off : 0;
}

/** Of the house, of a moment by this device's clock; ms. */
export const inHouse = (ms: number): number => ms + offMs;
export const houseNow = (): number => inHouse(Date.now());
