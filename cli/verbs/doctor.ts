import { defaultStateDir } from '../../journal/store.ts'
import { examine } from '../doctor/examine.ts'
import { doctorLines } from '../doctor/screen.ts'
import { asJson, type Terminal } from '../terminal.ts'

/** `nsnet doctor`: what this machine has and lacks for nsnet, each with its fix; exit code 1 when something fails. */
export async function doctor(terminal: Terminal): Promise<number> {
  const { stateDir, json } = terminal.options
  const findings = await examine({ path: stateDir ?? defaultStateDir(process.env), given: stateDir })
  for (const line of json ? [asJson(findings)] : doctorLines(terminal, findings)) terminal.out(line)
  return findings.some(({ level }) => level === 'fail') ? 1 : 0
}
