import twin from './twin.mjs'

/** Takes back the whole only. */
export default {
  ...twin,
  undo: (wanted, before, now) => (now[0] && now[1] ? twin.undo(wanted, before, now) : []),
}
