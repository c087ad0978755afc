# fidelity/combinations.awk: random combinations for maps, a line each: number n key hint keep
# deletes updates maps seed. Options: -v seed=N -v count=N. Its numbers are its own (Park and
# Miller's generator, exact in doubles), so that every awk makes the same ones.

function draw(below) # 0 .. below - 1
{
    state = (state * 16807) % 2147483647
    return int((state - 1) / 2147483646 * below)
}

function chance(percent)
{
    return draw(100) < percent
}

# A size on a logarithmic scale; in one of four cases where a map grows, or one entry more.
function size(    n)
{
    if (chance(25))
        n = 13 * 2 ^ draw(18) + draw(2)
    else
        n = int(exp((state = (state * 16807) % 2147483647) / 2147483647 * log(2000001)))
    return n < 1 ? 1 : n > 2000000 ? 2000000 : n
}

BEGIN {
    state = seed * 7919 % 2147483646 + 1
    for (i = 0; i < 16; i++)
        draw(2)
    for (i = 1; i <= count; i++) {
        n = size()
        key = chance(50) ? "int" : "string"
        hint = 0
        if (chance(40))
            hint = chance(50) ? n : 1 + draw(2 * n)
        keep = 0
        if (chance(45)) # few of many, so that maps grow to as many buckets: or any number
            keep = 1 + (chance(60) ? draw(int(n / (10 + draw(150))) + 1) : draw(n))
        deletes = chance(50) ? 1 + draw(60) : 0
        updates = chance(60) ? 1 + draw(100) : 0
        maps = int(250000 / n)
        maps = maps < 1 ? 1 : maps > 50 ? 50 : maps
        if (keep && n > 8 * keep && maps < 12) # chance is estimated from the maps themselves
            maps = 12
        print i, n, key, hint, keep, deletes, updates, maps, 1 + draw(1000000)
    }
}
