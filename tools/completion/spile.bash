# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of spile's command line, for bash.  What there is to complete is
# asked of spile itself: it knows its options, points and examples best.

# The options of --help that begin like $1.
_spile_options() {
	"$spile" --help 2>/dev/null |
		sed -n 's/^  \(-[a-zA-Z]\)\{0,1\} *\(--[a-z-]*\)\{0,1\}.*/\1 \2/p' |
		tr ' ' '\n' | grep -- '^-'
}

# Probe points, component by component.  Those with quotes in them are left
# to whoever types them: quoting them right is the shell's business.
_spile_points() {
	[[ $1 == *[\'\"]* ]] && return
	"$spile" -l "$1*" 2>/dev/null
	"$spile" --dump-probe-types 2>/dev/null | sed 's/[(].*//' | sort -u
}

_spile_sessions() {
	local place
	for place in /run/spile "$XDG_RUNTIME_DIR/spile" "/tmp/spile-$UID"; do
		ls "$place" 2>/dev/null | sed -n 's/\.sock$//p'
	done
}

_spile_words() {
	local IFS=$'\n'
	COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

_spile_files() {
	local IFS=$'\n'
	compopt -o filenames 2>/dev/null
	COMPREPLY=($(compgen -d -- "$cur") $(compgen -f -X "!*.stp" -- "$cur")
		$(compgen -f -X "!*.img" -- "$cur"))
}

_spile() {
	local spile=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD-1]} word
	COMPREPLY=()

	# bash takes the = of --color=never for a word
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	case $prev in
	--color|--colour) _spile_words $'never\nalways\nauto' ;;
	--dump) _spile_words $'tokens\nast\nprog\nir\nopt\nbpf\nimage' ;;
	-l|-L) _spile_words "$(_spile_points "$cur")" ;;
	-A) _spile_words "$(_spile_sessions)" ;;
	-x) _spile_words "$(cd /proc && printf '%s\n' [0-9]*)" ;;
	-p) _spile_words $'1\n2\n3\n4\n5' ;;
	-D) compopt -o nospace 2>/dev/null
		_spile_words $'MAXACTION=\nMAXNESTING=\nMAXSTRINGLEN=\nMAXMAPENTRIES=\nMAXERRORS=\nMAXSKIPPED=\nMAXTRYLOCK=' ;;
	-a) _spile_words $'x86_64\narm64' ;;
	-I|--sysroot|--world) COMPREPLY=($(compgen -d -- "$cur")) ;;
	-o) COMPREPLY=($(compgen -f -- "$cur")) ;;
	-c) COMPREPLY=($(compgen -c -- "$cur")) ;;
	-e|-E|-G|-S|-T|-s|-m|--vp|--features|--steps|--compatible|--explain) ;;
	*)
		if [[ $cur == -* ]]; then
			_spile_words "$(_spile_options)"
			return
		fi
		for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
			[[ $word == --example ]] || continue
			_spile_words "$("$spile" --example 2>/dev/null |
				sed 's/ .*//')"
			return
		done
		_spile_files
		;;
	esac
}

complete -F _spile spile
