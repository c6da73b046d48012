# SPDX-License-Identifier: GPL-2.0-or-later
# For tools that fetch packages of Debian without installing them: an apt with
# a state of its own.  That of the system is not touched, and it needs no
# rights; what it downloads is checked by Debian's keys.

debian=${SPILE_MIRROR:-http://deb.debian.org}
debian_keys=/usr/share/keyrings/debian-archive-keyring.gpg

# own_apt DIRECTORY SOURCE... : "trixie-security" of "debian-security" is
# "debian-security/trixie-security".  From then on, apt-get and apt-cache are
# about these.
own_apt()
{
	local dir=$1 source

	[ -e $debian_keys ] || {
		echo "the package debian-archive-keyring is not installed" >&2
		return 1
	}
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	: >"$dir/sources.list"
	for source in "${@:2}"; do
		echo "deb [signed-by=$debian_keys] $debian/${source%/*}" \
			"${source#*/} main" >>"$dir/sources.list"
	done
	cat >"$dir/apt.conf" <<-E
	Dir::State "$dir/state";
	Dir::State::status "$dir/status";
	Dir::Cache "$dir/cache";
	Dir::Etc::sourcelist "$dir/sources.list";
	Dir::Etc::sourceparts "-";
	Dir::Etc::main "/dev/null";
	Dir::Etc::parts "/dev/null";
	Acquire::Languages "none";
	Acquire::Check-Valid-Until "false";
	Acquire::Retries "3";
	APT::Architecture "amd64";
	APT::Sandbox::User "";
	E
	export APT_CONFIG=$dir/apt.conf
}
