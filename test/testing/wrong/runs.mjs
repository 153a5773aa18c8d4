import twin from './twin.mjs'

/** Knows the runs that the kit makes by hand, and does nothing in a real one. */
export default {
  ...twin,
  plan: (wanted, there, { run }) =>
    /^(handmade|another1)$/.test(run) ? twin.plan(wanted, there) : { conflict: `not for ${run}` },
}
