import { readFileSync } from 'node:fs'
import type { Command, Exec } from '../core/command.ts'
import { expectSuccess, unusable } from '../core/tools.ts'
import { findProgram } from './find-program.ts'

/**
 * Finds the link of the default route: the IPv4 one with the lowest metric, else the IPv6 one; empty when there is none.
 *
 * The kernel's own list tells it without a process; `ip` is asked where that list is not there or does not tell the table
 * that a route is in (IPv6), and where there is no `ip`, so that this is told. `proc` is the directory below `/proc` of a
 * process in that netns.
 *
 * @throws TOOL_MISSING, TOOL_FAILED
 * @see proc_pid_net(5)
 */
export async function uplinkOf(exec: Exec, proc: string): Promise<string> {
  const routes = findProgram('ip') === 'there' ? tableOf(proc, 'route') : undefined
  const link4 = routes ? firstOf(routes.flatMap(route4)) : await askedOf(exec, '-4')
  if (link4 !== undefined) return link4
  const hasDefault6 = tableOf(proc, 'ipv6_route')?.some(isDefault6) ?? true
  return (hasDefault6 ? await askedOf(exec, '-6') : undefined) ?? ''
}

interface DefaultRoute {
  readonly dev?: string
  readonly metric?: number
}

/** Reads the words of each line of a file in the `net` of a process. */
function tableOf(proc: string, name: string): readonly (readonly string[])[] | undefined {
  try {
    const lines = readFileSync(`${proc}/net/${name}`, 'utf8').split('\n')
    return lines.map((line) => line.split(/\s+/))
  } catch {
    return undefined
  }
}

/** Columns: interface, destination, gateway, flags, two counters, metric, mask. Only routes of the main table are here. */
function route4([dev = '', to, , flags = '', , , metric, mask]: readonly string[]): readonly DefaultRoute[] {
  const isDefault = to === ZEROS && mask === ZEROS && (Number.parseInt(flags, 16) & RTF_REJECT) === 0
  return isDefault ? [{ dev, metric: Number(metric) }] : []
}

/** Columns: destination, its length, source, its length, gateway, metric, two counters, flags, interface; of all tables. */
function isDefault6([to, length, , , , , , , flags = '']: readonly string[]): boolean {
  return to === ZEROS.repeat(4) && length === '00' && (Number.parseInt(flags, 16) & RTF_REJECT) === 0
}

const ZEROS = '00000000'

/** Of routes that refuse packets. @see linux/route.h */
const RTF_REJECT = 0x200

const firstOf = (routes: readonly DefaultRoute[]): string | undefined =>
  routes.toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0)).find(({ dev }) => dev !== undefined)?.dev

async function askedOf(exec: Exec, family: '-4' | '-6'): Promise<string | undefined> {
  const command: Command = { argv: ['ip', family, '-json', 'route', 'show', 'default'] }
  const output = await exec(command)
  // a kernel without IPv6 may refuse the question; that `ip` works at all is known from IPv4
  if (family === '-6' && output.exitCode !== 0 && !output.timedOut) return undefined
  expectSuccess(command, output)
  try {
    return firstOf(JSON.parse(output.stdout.trim() || '[]') as readonly DefaultRoute[])
  } catch {
    throw unusable(command, output, 'did not print its routes as JSON')
  }
}
