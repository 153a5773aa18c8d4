import { z } from 'zod'
import { choice } from '../core/choice.ts'
import { ip, type Command } from '../core/command.ts'
import { tunDocs } from './docs/tun.ts'
import { common, kernelsMac } from './lib/made-input.ts'
import { madeLink } from './lib/made-link.ts'

const owner = (description: string, example: string) =>
  z
    .string()
    .regex(/^(?!-)[^\s:/\x00-\x1f\x7f]{1,64}$/, 'expected a name or a number')
    .optional()
    .meta({ description, examples: [example] })

const input = z
  .strictObject({
    ...common,
    mac: kernelsMac('the kernel makes one up; only with the mode "tap"'),
    mode: choice('what the program at the other end reads and writes', {
      tun: 'IP packets',
      tap: 'Ethernet frames; it can be a port of a bridge',
    }),
    user: owner('user who may open it, by name or number; root only, without user and group', 'nobody'),
    group: owner('group whose members may open it, by name or number', 'nogroup'),
  })
  .superRefine(({ mode, mac, mtu = 0 }, { addIssue }) => {
    const refuse = (field: string, message: string) => addIssue({ code: 'custom', path: [field], message })
    if (mode === 'tun' && mac !== undefined) refuse('mac', 'expected no mac with the mode "tun": it has none')
    if (mode === 'tap' && mtu > 65_521) refuse('mtu', 'expected an integer from 68 to 65521 with the mode "tap"')
  })

type Input = z.infer<typeof input>

/**
 * Creates a tun or tap: a link whose other end is a program, here one that is there also while no program has it open.
 *
 * The kernel takes neither mac nor MTU when it makes one: they are set right after.
 *
 * @see ip-tuntap(8), https://docs.kernel.org/networking/tuntap.html
 */
export default madeLink({
  type: 'tun',
  summary: 'Creates a tun or tap: a link whose other end is a program.',
  docs: tunDocs,
  input,
  home: ({ netns }) => netns,
  words: () => [],
  add({ name, netns, mode, user, group }) {
    const owners = [...(user === undefined ? [] : ['user', user]), ...(group === undefined ? [] : ['group', group])]
    return ip(netns, 'tuntap', 'add', 'dev', name, 'mode', mode, ...owners)
  },
  finish({ name, netns, mac, mtu }, now): readonly Command[] {
    const words = [
      ...(mac === undefined || mac === now?.mac ? [] : ['address', mac]),
      ...(mtu === undefined || mtu === now?.mtu ? [] : ['mtu', `${mtu}`]),
    ]
    return words.length === 0 ? [] : [ip(netns, 'link', 'set', 'dev', name, ...words)]
  },
  finishes: ['mac', 'mtu'],
  probes: ({ user, group }) => [
    ...(user === undefined ? [] : [entry('passwd', user)]),
    ...(group === undefined ? [] : [entry('group', group)]),
  ],
  asks: ({ mode, user, group }) => ({ mode, user: user ?? null, group: group ?? null }),
  sees({ type, user, group }, wanted, { outputs }) {
    const [, ...entries] = outputs.map(({ stdout }) => stdout)
    const users = wanted.user === undefined ? '' : (entries.shift() ?? '')
    return {
      mode: type ?? null,
      user: asAsked(user, wanted.user, users),
      group: asAsked(group, wanted.group, entries[0] ?? ''),
    }
  },
  followsMtu: false,
  module: 'tun',
})

/** Exit code 2: nobody has that name or number. @see getent(1) */
const entry = (database: string, key: string): Command => ({ argv: ['getent', database, key], okExits: [0, 2] })

/** `ip` prints the name where there is one: it is the one that is asked for when it stands in the entry of that. */
function asAsked(found: unknown, asked: Input['user'], line: string): string | null {
  if (found === undefined) return null
  const [name, , number] = line.trim().split(':')
  return asked !== undefined && [name, number].includes(`${found}`) ? asked : `${found}`
}
