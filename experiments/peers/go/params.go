package main

import (
	"strconv"
	"strings"
)

// params are the settings of a trial, as texts.
type params struct {
	texts    map[string]string
	strategy strategy
}

func parseParams(arguments []string) *params {
	p := &params{texts: map[string]string{}}
	for _, argument := range arguments {
		equals := strings.IndexByte(argument, '=')
		if equals < 1 {
			fail("%q is not KEY=VALUE", argument)
		}
		p.texts[argument[:equals]] = argument[equals+1:]
	}
	p.strategy = parseStrategy(p)
	return p
}

func (p *params) text(key string) string {
	text, known := p.texts[key]
	if !known {
		fail("parameter %s is missing", key)
	}
	return text
}

func (p *params) u64(key string) uint64 {
	number, err := strconv.ParseUint(p.text(key), 10, 64)
	if err != nil {
		fail("parameter %s: %q is not a number", key, p.text(key))
	}
	return number
}

func (p *params) bool(key string) bool {
	return p.text(key) == "true"
}
