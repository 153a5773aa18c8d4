import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { makeNamespaces } from '../library/sandbox/namespaces.ts'
import { toolPath } from '../core/tool-path.ts'
import type { Section } from './figures.ts'
import { machineOf } from './machine.ts'
import { optionsIn, usage } from './options.ts'
import { reachOf } from './reach.ts'
import { tablesOf } from './table.ts'

/**
 * Measures in private namespaces and prints tables; gives the exit code: 0, 1 when a contestant failed, 64 for usage, and
 * 130 and the like when it was asked to stop. `dir` is a directory of its own, with the bundled code in it.
 */
export async function main(dir: string, args: readonly string[]): Promise<number> {
  const options = optionsIn(args)
  if (options === undefined) {
    process.stderr.write(usage)
    return 64
  }
  const { json, ...setting } = options
  const machine = machineOf(dir)
  const code = await inside(dir, { ...setting, dir })
  const results = join(dir, 'results.json')
  if (!existsSync(results)) return code || 1
  const sections = JSON.parse(readFileSync(results, 'utf8')) as readonly Section[]
  const reach = reachOf(sections)
  const { commit, cpu, cpus, kernel, node, iproute2, iptables, user, disk, load } = machine
  process.stdout.write(
    `nsnet ${commit}; journals on ${disk}; ${user}\n${cpus} × ${cpu}, load ${load.toFixed(1)} before, Linux ${kernel}\n` +
      `Node ${node}, iproute2 ${iproute2}, iptables ${iptables}\n\n${tablesOf(sections, reach)}\n`,
  )
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine, sections, reach }, null, 2)}\n`)
  return code || (sections.some(hasFailed) ? 1 : 0)
}

const hasFailed = ({ rows }: Section): boolean =>
  rows.some((row) => 'leftOut' in row && row.leftOut.startsWith('failed'))

/** Measures in namespaces of its own, which are gone, with all that runs in them, when this resolves. */
async function inside(dir: string, setting: object): Promise<number> {
  const command = [process.execPath, join(dir, 'code', 'inside.js'), JSON.stringify(setting)]
  const env: NodeJS.ProcessEnv = { ...process.env, PATH: toolPath(), LC_ALL: 'C' }
  // 36 ms at each start of Node, for all contestants in Node alone
  delete env['NODE_EXTRA_CA_CERTS']
  const argv = ['--pdeathsig', 'KILL', '--', ...makeNamespaces, '--', ...command]
  const child = spawn('setpriv', argv, { stdio: ['ignore', 'inherit', 'inherit'], env, detached: true })
  const ended = once(child, 'exit')
  let stopped = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      stopped = 128 + constants.signals[name]
      endInner(child)
    })
  const [code] = (await ended) as [number | null]
  return stopped || (code ?? 1)
}

/** Ends the first process inside: the kernel then ends all others there before unshare(1) sees the end. */
function endInner({ pid }: ChildProcess): void {
  const inner = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  process.kill(inner === '' ? pid! : Number(inner), 'SIGKILL')
}
