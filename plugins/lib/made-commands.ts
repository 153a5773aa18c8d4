import { HOST_NETNS, ip, type Command } from '../../core/command.ts'
import { conflict, nothingToDo, tagOf, type Context, type Plan } from '../../core/step.ts'
import { differencesOf, missingOf } from './made-differences.ts'
import type { MadeInput } from './made-input.ts'
import { madeKinds } from './made-kinds.ts'
import type { MadeState, SeenLink, Maker } from './maker.ts'
import { groupOf, isMarked, macFor, macOf } from './own-mac.ts'

/** Compares what is there with what is asked for. */
export function planOf<Input extends MadeInput>(
  maker: Maker<Input>,
  wanted: Input,
  now: MadeState,
  context: Context,
): Plan {
  const missing = missingOf(maker, wanted, now)
  const remover = [remove(wanted.netns, wanted.name)]
  if (now.link === null) return missing ?? { apply: wholeOf(maker, wanted, context), undo: remover }
  const wrong = differencesOf(maker, wanted, now)
  const rest = maker.finish?.(wanted, now.link, now.ports) ?? []
  if (wrong.length === 0 && !now.link.begun && rest.length === 0) return nothingToDo
  const wasAbsent = (context.before as MadeState | undefined)?.link === null
  const begun = wasAbsent && (!isMarked(maker.type, wanted) || hasMark(maker, wanted, now.link, context))
  const hard = wrong.find(({ what }) => !(begun && maker.finishes?.includes(what)))
  if (hard) return conflict(hard.message, 'delete that link or choose another name')
  return missing ?? { apply: [...rest, ...(now.link.begun ? [ungroup(wanted)] : [])], undo: remover }
}

/** All commands that make the link. What only its group marks until it is whole, leaves that at last. */
function wholeOf<Input extends MadeInput>(maker: Maker<Input>, wanted: Input, context: Context): readonly Command[] {
  if (maker.add) return [maker.add(wanted), ...(maker.finish?.(wanted, null, {}) ?? [])]
  const rest = maker.finish?.(wanted, null, {}) ?? []
  const group = rest.length > 0 && !isMarked(maker.type, wanted) ? groupOf(tagOf(context)) : undefined
  return [addition(maker, wanted, context, group), ...rest, ...(group === undefined ? [] : [ungroup(wanted)])]
}

function addition<Input extends MadeInput>(
  maker: Maker<Input>,
  wanted: Input,
  context: Context,
  group: number | undefined,
): Command {
  const { name, netns, link } = wanted
  const [home, { kind }] = [maker.home(wanted), madeKinds[maker.type]!]
  const mac = macFor(maker.type, wanted, context)
  const mtu = maker.finishes?.includes('mtu') ? undefined : wanted.mtu
  const words = [
    ...(link === undefined || maker.lowerIn ? [] : ['link', link]),
    'name',
    name,
    ...(netns === home ? [] : ['netns', netns ?? HOST_NETNS]),
    ...(mac === undefined ? [] : ['address', mac]),
    ...(mtu === undefined ? [] : ['mtu', `${mtu}`]),
    ...(group === undefined ? [] : ['group', `${group}`]),
    'type',
    kind,
  ]
  return ip(home, 'link', 'add', ...words, ...maker.words(wanted))
}

const ungroup = ({ netns, name }: MadeInput): Command => ip(netns, 'link', 'set', 'dev', name, 'group', 'default')

/** Deletes a link. */
export const remove = (netns: string | undefined, name: string): Command => ip(netns, 'link', 'delete', 'dev', name)

/** Says whether a link has what this very step marks it by. */
export const hasMark = <Input extends MadeInput>(
  maker: Maker<Input>,
  wanted: Input,
  link: SeenLink,
  context: Context,
): boolean => link.begun || (isMarked(maker.type, wanted) && link.mac === macOf(tagOf(context)))
