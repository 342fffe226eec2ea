package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
)

// The two things that a call is expected to come to.
const (
	allowed = "allowed"
	denied  = "denied"
)

// deniedCode is the code of a refusal, however it is worded.
const deniedCode = "ErrorAccessDenied"

// verdict is "allowed", "denied" or "unknown", by status and code alone.
func (o observation) verdict() string {
	switch {
	case o.Status >= 200 && o.Status <= 299:
		return allowed
	case o.Status == http.StatusForbidden && o.Error == deniedCode:
		return denied
	}
	return "unknown"
}

// judge is the exit code: the worst of all calls.
func judge(calls []call, seen []observation) int {
	outcome := exitAsGranted
	for i, call := range calls {
		switch seen[i].verdict() {
		case call.Expected:
		case allowed, denied:
			return exitContradicted
		default:
			outcome = exitNotProved
		}
	}
	return outcome
}

// remark is the last column.
func remark(wanted call, seen observation) string {
	met := seen.verdict()
	switch {
	case met == wanted.Expected:
		return "as it should be"
	case met == allowed:
		return "REACHED WHAT MUST STAY REFUSED"
	case met == denied:
		return "REFUSED WHAT IS GRANTED"
	}
	return "proves nothing"
}

func printTable(out io.Writer, from plan, seen []observation) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "permission\tmailbox\tcall\tanswer\tshould be\tso\trequest")
	for i, call := range from.Calls {
		answer := "no answer"
		if seen[i].Status != 0 {
			answer = strings.TrimSpace(fmt.Sprintf("%d %s", seen[i].Status, seen[i].Error))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", call.Permission, short(call.Address), call.Method, answer, call.Expected, remark(call, seen[i]), seen[i].RequestID)
	}
	for _, left := range from.Untried {
		fmt.Fprintf(table, "%s\t-\t-\t-\t-\tnot tried: %s\t\n", left.Permission, left.Reason)
	}
	return table.Flush()
}
