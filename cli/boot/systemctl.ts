import { existsSync } from 'node:fs'
import { processExec } from '../../core/exec.ts'
import { expectSuccess } from '../../core/tools.ts'

/** Says whether systemd is the init of this machine. @see sd_booted(3) */
export const systemdRuns = (): boolean => existsSync('/run/systemd/system')

/** Tells systemd something. @throws TOOL_MISSING, TOOL_FAILED */
export async function systemctl(...args: readonly string[]): Promise<void> {
  const command = { argv: ['systemctl', ...args] }
  expectSuccess(command, await processExec()(command))
}
