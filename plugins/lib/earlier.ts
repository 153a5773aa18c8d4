import { linkKey, type ResourceKey } from '../../core/resource.ts'
import type { Earlier } from '../../core/step.ts'

/** Says whether an earlier step makes a thing. */
export const makes = ({ resources }: Earlier, key: ResourceKey): boolean => resources.creates?.includes(key) ?? false

/** The input of an earlier step, when it is of that type: a plugin knows the inputs of those beside it. */
export const inputOf = <Input>(earlier: Earlier, type: string): Input | undefined =>
  earlier.uses === type ? (earlier.input as Input) : undefined

/** Names the links that an earlier step makes in a netns (the host's when it is undefined), or moves there. */
export function linksMadeBy({ resources: { creates = [] } }: Earlier, netns: string | undefined): readonly string[] {
  const prefix = linkKey(netns, '')
  return creates.flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []))
}
