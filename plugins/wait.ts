import type { Command } from '../core/command.ts'
import { canonical } from '../core/net.ts'
import { inside } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Plan } from '../core/step.ts'
import { waitDocs } from './docs/wait.ts'
import { findPath, isThere } from './lib/file-state.ts'
import { isUp, linkNamed, listLinks, parseLinks, place, type IpLink } from './lib/ip-json.ts'
import { parseTcp } from './lib/ping-text.ts'
import { connectTo } from './lib/tcp-connect.ts'
import { waitInput, type WaitInput } from './lib/wait-input.ts'

/**
 * Waits until a fact holds, and changes nothing: a link has a carrier, an address can be used, somebody answers by TCP, a
 * file is there.
 *
 * @see ip-link(8), ip-address(8)
 */
export default defineStep({
  type: 'wait',
  summary: 'Waits until a link, an address, a server or a file is ready.',
  docs: waitDocs,
  input: waitInput,
  onlyLooks: true,
  resources: ({ netns }) => ({ uses: inside(netns) }),
  probe: probeOf,
  observe({ stdout }, wanted): Sight {
    if (wanted.tcp !== undefined) {
      const { ok, error } = parseTcp(stdout)
      return { ok, seen: ok ? 'it answers' : error }
    }
    if (wanted.file !== undefined)
      return isThere(stdout, wanted.file) ? { ok: true, seen: 'it is there' } : { ok: false, seen: 'it is not there' }
    const links = parseLinks(stdout)
    return wanted.address === undefined ? linkIn(links, wanted) : addressIn(links, wanted, wanted.address)
  },
  plan: (wanted, { ok, seen }): Plan =>
    ok
      ? nothingToDo
      : conflict(
          `expected ${factOf(wanted)} within ${wanted.within} s, seen last: ${seen}`,
          'give it more time in "within", or look why it does not come about',
        ),
  patience: ({ within, every }) => ({ forMs: within * 1000, everyMs: every * 1000 }),
  outputs: { summary: ({ seen }) => seen },
  sketch: (wanted) => [
    { draw: 'note', netns: wanted.netns, text: `wait for ${factOf({ ...wanted, netns: undefined })}` },
  ],
})

/** What was seen last, in words. */
type Sight = { readonly ok: boolean; readonly seen: string }

/** Seconds for one try to connect. */
const TRY = 2

function probeOf({ netns, tcp, file }: WaitInput): Command {
  if (tcp !== undefined) return connectTo({ netns, timeout: TRY }, tcp)
  return file === undefined ? listLinks(netns) : findPath(file)
}

function linkIn(links: readonly IpLink[], { link, state }: WaitInput): Sight {
  const found = linkNamed(links, link!)
  if (!found) return { ok: false, seen: 'there is no such link' }
  if (!isUp(found)) return { ok: false, seen: 'it is down' }
  if (state === 'up') return { ok: true, seen: 'it is up' }
  return found.flags.includes('LOWER_UP')
    ? { ok: true, seen: 'it has a carrier' }
    : { ok: false, seen: 'it has no carrier' }
}

function addressIn(links: readonly IpLink[], { link }: WaitInput, address: string): Sight {
  const all = links.filter(({ ifname }) => link === undefined || ifname === link).flatMap((it) => it.addr_info ?? [])
  const found = all.find(({ local }) => local !== undefined && canonical(local) === canonical(address))
  if (!found) return { ok: false, seen: 'nobody has it' }
  if (found.dadfailed === true) return { ok: false, seen: 'another host uses it (duplicate address detection failed)' }
  return found.tentative === true ? { ok: false, seen: 'it is tentative' } : { ok: true, seen: 'it can be used' }
}

function factOf({ netns, link, state, address, tcp, file }: WaitInput): string {
  const where = netns === undefined ? '' : ` in ${place(netns)}`
  if (tcp !== undefined) return `${tcp} to answer${where}`
  if (file !== undefined) return `${file} to be there`
  if (address !== undefined) return `${address}${link === undefined ? '' : ` on link ${link}`} to be usable${where}`
  return `link ${link} ${state === 'up' ? 'to be up' : 'to have a carrier'}${where}`
}
