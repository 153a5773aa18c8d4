import { tagOf, type Look } from '../../core/step.ts'
import { kindOf, linkNamed, linkOfMac, namesOf, parseLinks, type IpLink } from './ip-json.ts'
import type { MadeInput } from './made-input.ts'
import { madeKinds } from './made-kinds.ts'
import type { MadeState, Maker, SeenLink } from './maker.ts'
import { nearNames } from './near-names.ts'
import { groupOf, isMarked, macOf } from './own-mac.ts'

/** Reads the answers: the links of the netns, and of the one of the lower link. */
export function madeStateOf<Input extends MadeInput>(maker: Maker<Input>, wanted: Input, look: Look): MadeState {
  const [own = [], far = own] = look.outputs.slice(0, sharesPlace(maker, wanted) ? 1 : 2).map(linksIn)
  const link = findLink(maker, wanted, own, look)
  const lower = linkNamed(far, wanted.link ?? '')
  const ports = (wanted.ports ?? []).flatMap((name) => linkNamed(own, name) ?? [])
  const missing = wanted.link !== undefined && !lower ? wanted.link : missingPort(wanted, own)
  return {
    link: link ? seenLink(maker, wanted, link, { own, lower, look }) : null,
    lower: lower?.ifindex ?? null,
    ports: Object.fromEntries(ports.map(({ ifname, master = null }) => [ifname, master])),
    carries: link ? carriedBy(link, own) : [],
    near: missing === undefined ? [] : nearNames(namesOf(missing === wanted.link ? far : own), missing),
  }
}

/** Names the first port that is asked for and not there. */
const missingPort = ({ ports = [] }: MadeInput, links: readonly IpLink[]): string | undefined =>
  ports.find((name) => !linkNamed(links, name))

/** Says whether the lower link is looked for among the links of the same netns. */
export const sharesPlace = <Input extends MadeInput>({ home }: Maker<Input>, wanted: Input): boolean =>
  wanted.link === undefined || home(wanted) === wanted.netns

const linksIn = ({ stdout }: { readonly stdout: string }): readonly IpLink[] => parseLinks(stdout)

/** By the mac that this very step gives it, whatever it is called by now, else by its name. */
function findLink<Input extends MadeInput>(
  { type }: Maker<Input>,
  wanted: Input,
  links: readonly IpLink[],
  look: Look,
): IpLink | undefined {
  const byMac = isMarked(type, wanted) ? linkOfMac(links, madeKinds[type]!.kind, macOf(tagOf(look))) : undefined
  return byMac ?? linkNamed(links, wanted.name)
}

interface Around {
  readonly own: readonly IpLink[]
  readonly lower: IpLink | undefined
  readonly look: Look
}

function seenLink<Input extends MadeInput>(
  maker: Maker<Input>,
  wanted: Input,
  link: IpLink,
  { own, lower, look }: Around,
): SeenLink {
  const { ifname: name, ifindex, address: mac = '', mtu, master = null } = link
  const [kind, data] = [kindOf(link), link.linkinfo?.info_data ?? {}]
  const isIt = kind === madeKinds[maker.type]!.kind
  const under = maker.lowerIn?.(data) ?? link.link ?? (link.link_index === undefined ? null : `if${link.link_index}`)
  const index = linkNamed(own, under ?? '')?.ifindex ?? Number(/^if(\d+)$/.exec(under ?? '')?.[1])
  return {
    name,
    ifindex,
    kind,
    mac,
    mtu,
    master,
    over: lower !== undefined && index === lower.ifindex ? wanted.link! : under,
    begun: link.group === `${groupOf(tagOf(look))}`,
    params: isIt ? maker.sees(data, wanted, look) : {},
  }
}

/** A link that a packet leaves through another one names it as its `link`; so do the ends of a veth. */
const carriedBy = ({ ifname }: IpLink, links: readonly IpLink[]): readonly string[] =>
  links
    .filter((link) => link.master === ifname || (link.link === ifname && kindOf(link) !== 'veth'))
    .map((link) => link.ifname)
    .toSorted()
