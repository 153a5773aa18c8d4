import { resolve } from 'node:path'
import { NsnetError } from '../../core/errors.ts'
import { SYSTEM_UNITS } from './unit-files.ts'

/** Where a unit goes. */
export interface Place {
  readonly dir: string
  /** It is systemd's own directory: systemd is told, where it runs. */
  readonly own: boolean
}

/**
 * Finds the directory of units that `--unit-dir` names, by default that of the machine's administrator.
 *
 * @throws NEEDS_PRIVILEGE; USAGE in a sandbox, where that directory is the one of the real machine
 */
export function placeOf(unitDir: string | undefined): Place {
  if (unitDir !== undefined) return { dir: resolve(unitDir), own: false }
  const elsewhere = 'with --unit-dir DIR it is only written there'
  if (process.env['NSNET_SANDBOX'] === '1') {
    throw new NsnetError('USAGE', 'expected a machine with systemd, this is a sandbox', elsewhere)
  }
  if (process.getuid?.() === 0) return { dir: SYSTEM_UNITS, own: true }
  const message = `expected root, to whom ${SYSTEM_UNITS} belongs, got an ordinary user`
  throw new NsnetError('NEEDS_PRIVILEGE', message, `run it with sudo; ${elsewhere}`)
}
