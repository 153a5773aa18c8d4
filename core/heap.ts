import { setFlagsFromString } from 'node:v8'

/** Data of more bytes than this is much: that of as many steps as `MANY`. */
export const MUCH = 4 << 20

/** More steps than these are many. */
export const MANY = 4000

let mayTune = false

/** Says that the process is nsnet's own: only then its heap may be tuned, which is of the whole process. */
export const ownTheProcess = (): void => void (mayTune = true)

/**
 * Tells V8 that much data comes, most of which stays. By default its space for what is new grows to three times 16 MB, since
 * what is found dead there costs nothing; what stays is copied there in vain. And the space for what stays grows to several
 * times of what lives in it; half as much again does: a run of 10,000 steps takes 166 MB instead of 278, and a tenth more time.
 * Only then: with a flag that is set, Node compiles its own modules anew.
 */
export function expectMuch(): void {
  if (mayTune) setFlagsFromString('--semi-space-growth-factor=1 --heap-growing-percent=50')
}
