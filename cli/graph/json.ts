import type { Topology } from './model.ts'
import { asUnknown } from './stand-ins.ts'

/** Writes a topology for programs; what is not known yet is `?`. */
export const jsonOf = (topology: Topology): string =>
  JSON.stringify(topology, (_, value: unknown) => (typeof value === 'string' ? asUnknown(value) : value), 2)
