/** A rule of the contract of steps: what is expected, and what to change in a step that breaks it. */
export interface Law {
  readonly law: string
  readonly change: string
}

/** The rules that `conforms` proves, in the order in which they are tried. @see core/step.ts */
export const laws = {
  'example-valid': {
    law: 'an example that the step’s "input" takes',
    change: 'correct the example, or the schema in "input"',
  },
  'input-json': {
    law: 'a validated input that is plain JSON: the journal holds it, and a resume reads it from there',
    change: 'let "input" give texts, numbers, booleans, lists and objects; make a Date or a Map of them in "plan"',
  },
  shape: {
    law: 'each function of the step gives what core/step.ts says',
    change: 'return what the message names; throw nothing: what stands in the way is a conflict',
  },
  pure: {
    law: 'functions that are pure: equal arguments give equal results, at any time',
    change:
      'read no clock, no random number, no file, and no variable that changes; all that counts comes in by arguments',
  },
  'arguments-kept': {
    law: 'functions that leave their arguments as they are',
    change: 'work on a copy: [...list], { ...object }, list.toSorted()',
  },
  'commands-data': {
    law: 'commands that are plain data: argv, and maybe stdin, timeoutMs, okExits',
    change: 'put only texts into "argv", numbers into "timeoutMs" and "okExits"; nothing else goes into a journal',
  },
  'probe-lists': {
    law: 'probes that end with exit code 0 also when the thing is absent: they list, and absent is an empty answer',
    change:
      'list all (ip -json link show) and search in "observe", or name the exit code of an absent thing in "okExits"',
  },
  'probe-looks': {
    law: 'probes that change nothing in the kernel',
    change: 'look only in "probe"; what has to change first belongs into "apply" of the plan',
  },
  'state-json': {
    law: 'a state that is plain JSON and the same after a round trip through the journal',
    change: 'give null for what is not there (not undefined or NaN), texts for dates, lists for sets',
  },
  'no-conflict': {
    law: 'a plan, when the stage of the example is set',
    change: 'set the stage in the example’s "before" (steps or commands), or plan what the step asks for',
  },
  acts: {
    law: 'an example that does not hold yet, so that there is something to apply',
    change: 'ask in the example for what is not there, or have "plan" see that it is not there',
  },
  'apply-runs': {
    law: 'commands of "apply" that go well',
    change: 'correct the command, or name a good exit code in its "okExits"',
  },
  goal: {
    law: 'applied is observed: after "apply", planning again finds nothing to do',
    change: 'let "apply" reach what "input" asks for, and "plan" give nothingToDo once "observe" sees it',
  },
  visible: {
    law: 'an effect that can be seen: a change of the fingerprint, or of what the example’s "looks" print',
    change: 'add to the example’s "looks" a command that shows the effect, or have "apply" do what it says',
  },
  once: {
    law: 'what holds is not done again, whoever made it: a second run is satisfied, and owns nothing',
    change: 'have "observe" find the thing itself, not only what bears the mark of this run and step',
  },
  claimed: {
    law: 'what the step makes or changes is among "creates" or "shares": a run that finds it in place, and needs it, keeps it by that name',
    change:
      'name in "resources" what "apply" makes in "creates", and what it changes in place in "shares", or say "alone"',
  },
  outcome: {
    law: '"outcome" tells what "observe" gives once the step is applied: "plan" has nothing to do on it, and the outputs are the same, but for what only the kernel knows (null, "" or 0)',
    change:
      'have "outcome" give a state on which "plan" has nothing to do, or leave it out: then the step is applied alone',
  },
  foretell: {
    law: 'what is foretold of earlier steps leads to the same plan and outputs as what is seen when they are applied',
    change:
      'name in "resources" (and "watches") what earlier steps may change of what "observe" tells, and give in "foretell" what ' +
      'comes of it, or undefined where that cannot be told',
  },
  'still-own': {
    law: 'what the step made, and nobody touched, is known as its own: "mine" says true, "identity" the same again, "drift" nothing',
    change: 'go in "mine", "identity" and "drift" by what stays as it is until somebody changes it',
  },
  changes: {
    law: '"changes" lists, before "apply", only values that applying changes',
    change: 'list in "changes" only values that are not yet what "input" asks for',
  },
  handle: {
    law: 'the first probe lists the comment of "commentOfHandle" in double quotes, and before the end of that line "# handle" with a number; the way back of "plan" goes by HANDLE',
    change:
      'give the comment that "apply" sets, list with handles (nft --handle), and put HANDLE into the plan’s "undo"',
  },
  'exit-code-tells': {
    law: 'with "exitCodeTells", each probe ends with exit code 0 when the step holds, and one of them does not when it does not hold',
    change: 'have the probe itself tell, by its exit code alone, or drop "exitCodeTells"',
  },
  'looks-only': {
    law: 'a step with "onlyLooks" that plans no commands and holds on the stage of the example',
    change: 'plan commands and drop "onlyLooks", or set the stage so that it holds',
  },
  'netns-named': {
    law: 'each named netns that the step’s commands work in is among its resources',
    change: 'add ...inside(netns) to "uses" in "resources", or netnsKey(netns) to "creates"',
  },
  'resources-there': {
    law: '"uses" names only netns that are there before, and "creates" only what is there after "apply" alone',
    change: 'name in "uses" what has to be there before, in "creates" what "apply" makes',
  },
  'made-named': {
    law: 'each netns and link that "apply" makes is among "creates"',
    change: 'add netnsKey(name) or linkKey(netns, name) to "creates" in "resources"',
  },
  'undo-ends': {
    law: 'undone, the step has nothing left to undo',
    change: 'let "observe" see the same as before "apply" (or "undo" give no commands) once all is taken back',
  },
  'undo-restores': {
    law: 'undo puts back everything that "apply" changed, the kernel’s side effects too',
    change:
      'observe what "apply" changes in passing, and put it back in the plan’s "undo", or in "undo(input, before, now)"',
  },
  'undo-own': {
    law: 'undo takes nothing away that "apply" did not make',
    change:
      'take back exactly what was made (delete that rule, that address), never all of a kind (flush, delete the table)',
  },
  runs: {
    law: 'nsnet itself runs the example and undoes it',
    change: 'read what nsnet says; its "nsnet run" sees the same stage as the example',
  },
  twice: {
    law: 'a second run of the same workflow, in a process of its own, changes nothing, and its undo leaves what the first one made',
    change: 'have "plan" find that it holds by what "observe" sees, in whatever run and process',
  },
  resumes: {
    law: 'killed between two commands, a run is resumed to the same end as one that nobody killed',
    change:
      'have "observe" tell half of the work from none and all of it, and "plan" give the commands that are missing',
  },
  'undoes-half': {
    law: 'killed between two commands, a run is undone to what was before',
    change:
      'have "undo" (or the plan’s "undo" for the state before) take back each part whether or not the others are there',
  },
  'undo-resumes': {
    law: 'an undo that is killed between two commands is finished by the next one',
    change: 'have "undo(input, before, now)" give what is left to take back of what is there now',
  },
} as const satisfies { readonly [rule: string]: Law }

/** Name of a rule. */
export type Rule = keyof typeof laws
