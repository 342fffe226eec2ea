package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// marks say how a finding is to be taken; a status that is not known here is not well.
func mark(status string) string {
	switch status {
	case "ok":
		return "✓"
	case "warning":
		return "!"
	case "fault":
		return "✗"
	}
	return "?"
}

// longestText is more than any sentence of the service has.
const longestText = 4000

// show prints one line for each finding, with the reason and the next step below those that
// need one, and returns the exit code.
func show(out io.Writer, found diagnosis) int {
	fmt.Fprintf(out, "The installation %s, examined %s\n\n", oneLine(found.Installation, 40), found.At.UTC().Format(time.DateTime+" UTC"))
	counts := map[string]int{}
	for _, one := range found.Findings {
		counts[mark(one.Status)]++
		fmt.Fprintf(out, "%s  %-15s %s\n", mark(one.Status), oneLine(one.Check, 15), oneLine(one.What, longestText))
		if one.Status == "ok" {
			continue
		}
		fmt.Fprintf(out, "   %-15s why: %s (%s)\n", "", oneLine(one.Why, longestText), oneLine(one.Code, 40))
		fmt.Fprintf(out, "   %-15s do:  %s\n", "", oneLine(one.Mend, longestText))
	}
	if len(found.NotLookedAt) > 0 {
		fmt.Fprintln(out, "\nNot looked at:")
	}
	for _, what := range found.NotLookedAt {
		fmt.Fprintln(out, "   "+oneLine(what, longestText))
	}
	fmt.Fprintf(out, "\n%d ✗ fault(s), %d ! warning(s), %d ? not known, %d ✓\n", counts["✗"], counts["!"], counts["?"], counts["✓"])
	faulty := slices.ContainsFunc(found.Findings, func(one finding) bool { return one.Status == "fault" })
	if faulty || found.Status == "fault" {
		return exitFault
	}
	return exitSound
}
