import { show, succeeded, type Command, type Output } from '../../core/command.ts'
import { installing, packageOf, type Manager } from '../../core/programs.ts'
import { fail, ok, type Found } from './finding.ts'

/** A program, and what it said when it was asked for its version; null when it is in no directory of PATH. */
export interface Tool {
  readonly program: string
  readonly output: Output | null
}

/** The command that asks a program for its version. */
export const versionOf = (program: string): Command => ({
  argv: [program, /^(ip|ping)$/.test(program) ? '-V' : '--version'],
  timeoutMs: 5_000,
})

/** Says of each program that nsnet needs whether it is there, and in which version. `how` tells how to install one. */
export const toolFindings = (tools: readonly Tool[], how: Installer): readonly Found[] =>
  tools.map((tool) => toolFinding(tool, how))

/** How a missing program is told to be installed. */
export interface Installer {
  /** The package managers of this machine. */
  readonly managers: readonly Manager[]
  readonly isRoot: boolean
}

function toolFinding({ program, output }: Tool, how: Installer): Found {
  const command = versionOf(program)
  const by = show(command)
  const install = `install it: ${howToInstall(program, how)}`
  if (output === null) return fail(program, 'not found in PATH', install)
  const said = output.stdout.trim() || output.stderr.trim()
  if (/BusyBox/i.test(said)) return fail(program, 'is of BusyBox, which lacks options that nsnet needs', install, by)
  const first = said.split('\n')[0]!
  if (!succeeded(command, output))
    return fail(program, `cannot be run: ${first || 'it says nothing'}`, `see what is wrong: ${by}\nor ${install}`, by)
  return ok(program, versionIn(program, first), by)
}

/** Writes what installs a program, for each package manager that there is. */
function howToInstall(program: string, { managers, isRoot }: Installer): string {
  const lines = managers.map((manager) => installing(manager, packageOf(program, manager) ?? program))
  return lines.map((line) => (isRoot ? line : `sudo ${line}`)).join('\n  or: ')
}

/** Leaves out of a first line such as `unshare from util-linux 2.38.1` what the name of the program says already. */
function versionIn(program: string, line: string): string {
  const [rest = ''] = line
    .replace(/^(\S+)(?: utility,)?(?: from)? /, (all, name) => (name === program ? '' : all))
    .split(',')
  return rest.slice(0, 60)
}

/** Compares the version of Node that runs nsnet with the one it needs, such as `>=20.19`. */
export function nodeFinding(version: string, needed: string): Found {
  const [major = 0, minor = 0] = numbersIn(version)
  const [needMajor = 0, needMinor = 0] = numbersIn(needed)
  const isEnough = major > needMajor || (major === needMajor && minor >= needMinor)
  const fix = 'install a later one: https://nodejs.org/en/download'
  return isEnough ? ok('node', version, 'node --version') : fail('node', `${version}, needed is ${needed}`, fix)
}

const numbersIn = (text: string): readonly number[] => Array.from(text.matchAll(/\d+/g), ([digits]) => Number(digits))
