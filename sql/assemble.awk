# Makes an extension script of files, in the order in which they are given:
#
#   awk -f sql/assemble.awk -v title=TEXT -v command=TEXT -v names=NAMES [-v update=1] FILE...
#
# NAMES has a line "NAME TEXT" for each @NAME@ that stands for TEXT wherever it is, in which \n is the end of a line.
# A line "\include FILE [NAME=VALUE...]" stands for that file, a path below sql/, in which each @NAME@ is VALUE.
#
# update=1: what has been there before is made anew. Functions and views are created OR REPLACE, and of sql/source/schema,
# whose tables only ALTER TABLE can change, there is nothing but the comments. PostgreSQL refuses OR REPLACE in a script of an
# extension for what is there and not the extension's own, so nobody's function can be planted in the place of a new one.

function read_names(path,    line, name)
{
    while ((getline line < path) > 0) {
        name = substr(line, 1, index(line, " ") - 1)
        texts[name] = substr(line, length(name) + 2)
        gsub(/\\n/, "\n", texts[name])
    }
    close(path)
}

function put(line,    name)
{
    if (line ~ /@[a-z_]+@/)
        for (name in texts)
            gsub("@" name "@", texts[name], line)
    if (update && line ~ /^CREATE (FUNCTION|VIEW) /)
        sub(/^CREATE/, "CREATE OR REPLACE", line)
    print line
}

function put_file(path, names, values, count,    line, words, i, pair, new_names, new_values, new_count, status)
{
    while ((status = (getline line < path)) > 0) {
        for (i = 1; i <= count; i++)
            gsub("@" names[i] "@", values[i], line)
        if (line !~ /^\\include /) {
            put(line)
            continue
        }
        new_count = split(line, words, " ") - 2
        for (i = 1; i <= new_count; i++) {
            split(words[i + 2], pair, "=")
            new_names[i] = pair[1]
            new_values[i] = pair[2]
        }
        put_file("sql/" words[2], new_names, new_values, new_count)
    }
    close(path)
    if (status < 0) {
        print "assemble.awk: cannot read " path > "/dev/stderr"
        exit 1
    }
}

function put_comments(path,    line, inside)
{
    while ((getline line < path) > 0) {
        if (line ~ /^COMMENT ON /)
            inside = 1
        if (inside)
            put(line)
        if (line ~ /;$/)
            inside = 0
    }
    close(path)
}

BEGIN {
    read_names(names)
    print "-- " title ". Made by make from sql/: change it there."
    print ""
    print "\\echo Use \"" command "\" to load this file. \\quit"
    print ""
    print "-- Operators, functions and types of this script are those of pg_catalog, whatever stands in the schema of CREATE EXTENSION."
    print "SET LOCAL search_path = pg_catalog, pg_temp;"
    for (f = 1; f < ARGC; f++) {
        print ""
        if (update && ARGV[f] ~ /^sql\/source\/schema\//)
            put_comments(ARGV[f])
        else
            put_file(ARGV[f])
    }
}
