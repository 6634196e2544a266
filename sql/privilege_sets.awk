# Writes who may use what, of the lines "-- Privilege set: NAME[, everybody]" before functions and views in sources:
#
#   awk -f sql/privilege_sets.awk FILE...              a line {"SET", "NAME", IS-VIEW}, for grant.cpp
#   awk -f sql/privilege_sets.awk -v names=1 FILE...   "everybodys_functions 'NAME', ...", for assemble.awk
#
# What has no such line is its owner's alone.

function refuse(what)
{
    print FILENAME ":" FNR ": " what >"/dev/stderr"
    failed = 1
    exit 1
}

function add(set, name, is_view)
{
    # Functions of one name are of one set.
    if (seen[set, name]++)
        return
    if (!names)
        printf "{\"%s\", \"%s\", %s},\n", set, name, is_view ? "true" : "false"
    else if (set == "everybody")
        everybodys = everybodys (everybodys == "" ? "" : ", ") "'" name "'"
}

/^-- Privilege set: / {
    sets = substr($0, length("-- Privilege set: ") + 1)
    next
}

/^CREATE (FUNCTION|VIEW) / && sets != "" {
    name = $3
    sub(/^[^.]*\./, "", name)
    sub(/\(.*/, "", name)
    count = split(sets, one, ", ")
    for (i = 1; i <= count; i++) {
        if (one[i] !~ /^(reader|trader|gateway|operator|everybody)$/)
            refuse("no privilege set is named " one[i])
        add(one[i], name, $2 == "VIEW")
    }
    sets = ""
    next
}

sets != "" { refuse("a privilege set is of the function or view in the next line") }

END {
    if (!failed && names)
        print "everybodys_functions " everybodys
}
