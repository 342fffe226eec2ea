package main

import "github.com/labstack/echo/v4"

// caller is who is calling. The host has checked a key before the call came here,
// and a key has no name: until callers are known by name, whoever holds one is an
// operator.
type caller struct {
	name string
}

// operatorName is what the history says of a key holder who gave no name.
const operatorName = "operator"

func callerOf(echo.Context) caller { return caller{name: operatorName} }

// speakingAs adds the name that a caller claims. It is recorded beside what is
// known, never instead of it, because nothing has proved it.
func (c caller) speakingAs(claimed string) string {
	if claimed == "" {
		return c.name
	}
	return c.name + " as " + claimed
}
