import type { Change } from '../../core/step.ts'

/** Writes a change: `eth0 mtu 1500 → 1400`; a value that there is none of yet has no arrow. */
export const changeText = ({ what, from, to }: Change): string =>
  from === null ? `${what} ${to}` : `${what} ${from} → ${to}`
