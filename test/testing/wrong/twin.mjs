import { nothingToDo, z } from 'nsnet'
import { address, inside, ip, keyIn, linkKey, linkName, linkNamed, listLinks, netnsName, parseLinks } from 'nsnet/net'

const command = (verb) => (wanted, each) => ip(wanted.netns, 'address', verb, each, 'dev', wanted.link)
export const add = command('add')
export const remove = command('delete')

/** A sound step of two commands: gives a link two addresses. The wrong ones are made of it. */
export default {
  type: 'twin',
  input: z.strictObject({ link: linkName, netns: netnsName.optional(), both: z.array(address).length(2) }),
  resources: ({ netns, link, both }) => ({
    uses: [...inside(netns), linkKey(netns, link)],
    creates: both.map((each) => keyIn('addr', netns, link, each)),
  }),
  probe: ({ netns }) => listLinks(netns),
  observe({ stdout }, { link, both }) {
    const found = linkNamed(parseLinks(stdout), link)?.addr_info ?? []
    return both.map((each) => found.some(({ local, prefixlen }) => each === `${local}/${prefixlen}`))
  },
  plan(wanted, there) {
    const missing = wanted.both.filter((_, at) => !there[at])
    if (missing.length === 0) return nothingToDo
    return { apply: missing.map((each) => add(wanted, each)), undo: missing.map((each) => remove(wanted, each)) }
  },
  undo: (wanted, before, now) =>
    wanted.both.filter((_, at) => now[at] && !before[at]).map((each) => remove(wanted, each)),
}
