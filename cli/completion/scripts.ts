import { quote } from '../../core/quote.ts'

/** A shell that completion is written for. */
export type Shell = keyof typeof scripts

/**
 * Writes the script that a shell loads: it asks this very nsnet what fits, however nsnet is called (by an alias, by sudo, as
 * `node dist/nsnet.js`). No word of the command line is ever evaluated.
 */
export function scriptFor(shell: Shell, node: string, nsnet: string): string {
  return scripts[shell].replaceAll('@NODE@', quote(node)).replaceAll('@NSNET@', quote(nsnet))
}

const bash = `# bash completion of nsnet. To load it: source <(nsnet completion bash)

_nsnet() {
  local line=\${COMP_LINE:0:COMP_POINT} first=1 at word cur before directive ending
  local -a words=() lines=() values=()
  # bash takes words apart at "=" and ":" too: what no blank parts is one word; quotes go
  for ((at = 0; at <= COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    if [[ $at -eq 0 || $line == [[:blank:]]* ]]; then
      line=\${line#"\${line%%[![:blank:]]*}"}
      words+=("")
    fi
    [[ $at -eq $COMP_CWORD ]] && word=$line
    line=\${line#"$word"}
    words[-1]+=\${word//[\\\\\\'\\"]/}
  done
  COMPREPLY=()
  if [[ \${words[0]##*/} == node* ]]; then
    [[ \${#words[@]} -gt 2 && \${words[1]} -ef @NSNET@ ]] || return 0
    first=2
  fi
  cur=\${words[-1]}
  mapfile -t lines < <(@NODE@ @NSNET@ __complete -- "\${words[@]:first}" 2>/dev/null)
  [[ \${#lines[@]} -gt 0 ]] || return 0
  directive=\${lines[-1]}
  unset 'lines[-1]'
  # bash replaces only what stands behind the last "=" or ":"
  before=\${cur%"\${cur##*[=:]}"}
  for word in "\${lines[@]}"; do values+=("\${word%%$'\\t'*}"); done
  COMPREPLY=("\${values[@]#"$before"}")
  # brackets of a step id, where no quote is open
  if [[ \${COMP_WORDS[COMP_CWORD]} != [\\"\\']* ]]; then
    COMPREPLY=("\${COMPREPLY[@]//\\[/\\\\[}")
    COMPREPLY=("\${COMPREPLY[@]//\\]/\\\\]}")
  fi
  compopt -o nosort 2>/dev/null
  [[ \${values[0]-} == *= ]] && compopt -o nospace 2>/dev/null
  case $directive in
    :files*)
      compopt -o filenames 2>/dev/null
      cur=\${cur#"$before"}
      [[ $directive == :files ]] && mapfile -t -O \${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$cur")
      for ending in \${directive#:files}; do
        mapfile -t -O \${#COMPREPLY[@]} COMPREPLY < <(compgen -f -X "!*.$ending" -- "$cur")
      done
      [[ $directive == :files ]] || mapfile -t -O \${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$cur")
      ;;
    :dirs)
      compopt -o filenames 2>/dev/null
      mapfile -t -O \${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "\${cur#"$before"}")
      ;;
    *)
      # only where bash lists and inserts nothing (? and !), a word may be followed by what it is
      if [[ \${#values[@]} -gt 1 && ( \${COMP_TYPE-} == 63 || \${COMP_TYPE-} == 33 ) ]]; then
        for at in "\${!lines[@]}"; do
          word=\${lines[at]#*$'\\t'}
          [[ -n $word ]] || continue
          printf -v word '%-18s  %s' "\${COMPREPLY[at]}" "$word"
          COMPREPLY[at]=\${word:0:\${COLUMNS:-80}}
        done
      fi
      ;;
  esac
}

complete -F _nsnet nsnet
# "node dist/nsnet.js": unless somebody completes node already
complete -p node >/dev/null 2>&1 || complete -o bashdefault -o default -F _nsnet node
`

const zsh = `#compdef nsnet
# zsh completion of nsnet. To load it: source <(nsnet completion zsh)

_nsnet() {
  local -a lines values shown
  local line directive suffix=' ' first=\${1:-2}
  lines=("\${(@f)$(@NODE@ @NSNET@ __complete -- "\${(@Q)words[first,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  directive=$lines[-1]
  lines[-1]=()
  for line in $lines; do
    values+=("\${line%%$'\\t'*}")
    shown+=("\${(r:18:)values[-1]} -- \${line#*$'\\t'}")
    [[ $line == *$'\\t' ]] && shown[-1]=$values[-1]
    shown[-1]=\${shown[-1][1,COLUMNS-1]}
  done
  [[ \${values[1]-} == *= ]] && suffix=''
  (( $#values )) && compadd -V nsnet -l -d shown -S "$suffix" -a values
  case $directive in
    :files*) compset -P '--*='; _files \${directive[8,-1]:+-g "*.(\${directive[8,-1]// /|})(-.)"} ;;
    :dirs) compset -P '--*='; _files -/ ;;
  esac
  (( $#values )) || [[ $directive != :none ]]
}

# an alias of nsnet is "node …/nsnet.js" by the time zsh completes it
_nsnet_node() {
  if (( CURRENT > 2 )) && [[ \${(Q)words[2]} -ef @NSNET@ ]]; then _nsnet 3
  elif [[ -n $_nsnet_before ]]; then $_nsnet_before
  else _default
  fi
}

if [[ \${funcstack[1]-} == _nsnet ]]; then
  _nsnet "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
  [[ \${_comps[node]-} == _nsnet_node ]] || typeset -g _nsnet_before=\${_comps[node]-}
  compdef _nsnet nsnet
  compdef _nsnet_node node
fi
`

const fish = `# fish completion of nsnet. To load it: nsnet completion fish | source

function __nsnet_complete
    set -l words (commandline -opc)
    set -l cur (commandline -ct)
    if string match -qr '(^|/)node[^/]*$' -- $words[1]
        set -e words[1]
    end
    set -e words[1]
    set -l lines (@NODE@ @NSNET@ __complete -- $words "$cur" 2>/dev/null)
    set -q lines[1]; or return
    set -l directive $lines[-1]
    set -e lines[-1]
    set -q lines[1]; and printf '%s\\n' $lines
    set -l path (string replace -r '^--[^=]*=' '' -- "$cur")
    set -l before (string sub -l (math (string length -- "$cur") - (string length -- "$path")) -- "$cur")
    switch $directive
        case ':files *'
            set -l endings (string split ' ' -- (string sub -s 8 -- $directive))
            for file in (__fish_complete_path "$path")
                set -l name (string split -f1 \\t -- $file)
                string match -q '*/' -- $name; or contains -- (string split -r -m1 . -- $name)[-1] $endings; or continue
                printf '%s%s\\n' $before $file
            end
        case :files
            printf "$before%s\\n" (__fish_complete_path "$path")
        case :dirs
            printf "$before%s\\n" (__fish_complete_directories "$path" '')
    end
end

# "node dist/nsnet.js", beside what node is completed with
function __nsnet_is_node
    set -l words (commandline -opc)
    set -q words[2]; and test (realpath -- $words[2] 2>/dev/null) = (realpath -- @NSNET@)
end

complete -c nsnet -f -k -a '(__nsnet_complete)'
complete -c node -n __nsnet_is_node -f -k -a '(__nsnet_complete)'
`

const scripts = { bash, zsh, fish } as const
