import type { Sketch } from '../../core/sketch.ts'
import { target, type Input } from './link-input.ts'

/** Draws what the step `link` makes of a link; that it is up goes without saying, but for the loopback link. */
export function sketchLink(wanted: Input): readonly Sketch[] {
  const { link, netns, state, mtu, alias, master, moveTo } = wanted
  const home = target(wanted)
  if (link === 'lo' && state === 'up') return [{ draw: 'note', netns: home, text: 'lo up' }]
  const words = [
    ...(state === 'down' ? ['down'] : []),
    ...(mtu === undefined ? [] : [`mtu ${mtu}`]),
    ...(alias === undefined ? [] : [`"${alias}"`]),
  ]
  const note = words.length === 0 ? undefined : words.join(', ')
  return [{ draw: 'link', netns: home, link, master, note, from: moveTo === undefined ? undefined : { netns } }]
}
