import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import packageJson from '../../package.json' with { type: 'json' }
import type { Command, Exec, Output } from '../../core/command.ts'
import { processExec } from '../../core/exec.ts'
import { listNetns } from '../../core/netns-files.ts'
import { managers, neededPrograms } from '../../core/programs.ts'
import { findProgram } from '../../library/find-program.ts'
import { missingCapabilities, ownStatus } from '../../library/privilege.ts'
import { features } from './features.ts'
import { listFilters, parseFilters } from './filters.ts'
import type { Finding, Found, Topic } from './finding.ts'
import { firewallFindings, managerFindings } from './firewall.ts'
import { clockFinding, findWritable, forwardingFindings, leftoverFindings, writableFindings } from './host.ts'
import { couldTry, kernelFindings, tryFeatures } from './kernel.ts'
import { privilegeFindings, tryUserNamespaces } from './privileges.ts'
import { lookAtState } from './state-look.ts'
import { stateFindings, type StateSeen } from './state.ts'
import { parseSysctls, readSysctls } from './sysctls.ts'
import { nodeFinding, toolFindings, versionOf, type Tool } from './tools.ts'

/** Where runs are kept, and how that was given on the command line. */
export interface StateDir {
  readonly path: string
  readonly given: string | undefined
}

/**
 * Looks at this machine: runs all commands of the doctor, at the same time, and has their answers read. Without setpriv(1) no
 * command can be run, and only tools are told of.
 */
export async function examine(state: StateDir): Promise<readonly Finding[]> {
  const exec = processExec()
  const isRoot = process.getuid?.() === 0
  const there = managers.filter(isInstalled)
  const how = { managers: there.length > 0 ? there : managers, isRoot }
  if (!isInstalled('setpriv')) {
    const tools = neededPrograms
      .filter((program) => !isInstalled(program))
      .map((program) => ({ program, output: null }))
    return about('tools', [nodeOf(), ...toolFindings(tools, how)])
  }
  const [tools, rest] = await Promise.all([askTools(exec), lookAround(exec, state)])
  const versions = { iptables: saidBy('iptables', tools), ip6tables: saidBy('ip6tables', tools) }
  return [
    ...about('tools', [nodeOf(), ...toolFindings(tools, how)]),
    ...about('kernel', kernelFindings(features, rest.kernel, release())),
    ...about('privileges', privilegeFindings(rest.rights)),
    ...about('firewall', [...firewallFindings(rest.filters, versions), ...rest.managers]),
    ...about('firewall', forwardingFindings(rest.rights.sysctls)),
    ...about('host', [clockFinding(rest.clocks), ...writableOf(rest), ...leftoverFindings(rest.netns)]),
    ...about('state', stateFindings(rest.state, state.given)),
  ]
}

/** Who may not write there anyway need not be told. */
const writableOf = ({ writable, rights }: Awaited<ReturnType<typeof lookAround>>): readonly Found[] =>
  missingCapabilities(rights.status).length === 0 ? writableFindings(writable) : []

const about = (topic: Topic, found: readonly Found[]): readonly Finding[] => found.map((it) => ({ topic, ...it }))

const nodeOf = (): Found => nodeFinding(process.version, packageJson.engines.node)

const saidBy = (program: string, tools: readonly Tool[]): string =>
  tools.find((tool) => tool.program === program)?.output?.stdout ?? ''

function askTools(exec: Exec): Promise<readonly Tool[]> {
  const asked = neededPrograms.map(async (program) => ({
    program,
    output: isInstalled(program) ? await exec(versionOf(program)) : null,
  }))
  return Promise.all(asked)
}

/** Runs the commands that are not about tools. */
async function lookAround(exec: Exec, { path }: StateDir) {
  const [wall, monotonic] = [Date.now(), performance.now()]
  const all = (commands: readonly Command[]): Promise<readonly Output[]> => Promise.all(commands.map(exec))
  const [kernel, userNamespaces, sysctlTexts, filterTexts, others, state] = await Promise.all([
    exec(tryFeatures(features)),
    all(tryUserNamespaces),
    all(readSysctls),
    all(listFilters),
    all(otherLooks),
    lookAtState(path),
  ])
  const [links, run, netns, writable, timedatectl] = others as readonly [Output, Output, Output, Output, Output]
  const filters = parseFilters(filterTexts)
  const sysctls = parseSysctls(sysctlTexts.map(({ stdout }) => stdout).join('\n'))
  const clocks = clocksOf(wall, monotonic, timedatectl.stdout, state)
  const sandbox = { works: couldTry(kernel), output: kernel }
  const rights = { uid: process.getuid!(), status: ownStatus(), sandbox, userNamespaces, sysctls }
  return { kernel, rights, filters, managers: managerFindings(filters, links, run), writable, netns, clocks, state }
}

const otherLooks: readonly Command[] = [
  { argv: ['ip', '-oneline', 'link', 'show'] },
  { argv: ['find', '/run', '-mindepth', '1', '-maxdepth', '1', '-printf', '%f\\n'] },
  listNetns,
  findWritable,
  { argv: ['timedatectl', 'show'], timeoutMs: 2_000 },
]

const clocksOf = (wall: number, monotonic: number, timedatectl: string, { newest }: StateSeen) => ({
  wall: [wall, Date.now()] as const,
  passedMs: performance.now() - monotonic,
  uptimeSeconds: Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]),
  timedatectl,
  newest,
})

const isInstalled = (program: string): boolean => findProgram(program) === 'there'
