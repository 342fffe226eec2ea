package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// text is the table for the screen.
func (p proved) text() string {
	return p.where() + "\n\n" + p.table()
}

// where says when and on what the figures were made.
func (p proved) where() string {
	said := fmt.Sprintf("%s, %s, seed %d, %s in all", p.day.Format("2 January 2006"), p.machine, p.seed, p.took.Round(time.Second))
	if p.parts > 0 {
		said = fmt.Sprintf("%s, %s, gathered from %d runs of a part of the rows each, some side by side; their times add up to %s", p.day.Format("2 January 2006"), p.machine, p.parts, p.took.Round(time.Second))
	}
	if p.took > aim {
		said += fmt.Sprintf(" (aim: %.0f minutes, MISSED)", aim.Minutes())
	}
	return said
}

// table is the same on the screen and in the page.
func (p proved) table() string {
	cells := [][]string{{"", "what is done to it", "tried", "failed", "time", ""}}
	for _, one := range p.lines() {
		tried, failed, took := one.figures()
		cells = append(cells, []string{strconv.Itoa(one.Number), one.Name, tried, failed, took, one.about()})
	}
	widths := make([]int, len(cells[0]))
	for _, line := range cells {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	var table strings.Builder
	for i, line := range cells {
		for column, cell := range line {
			table.WriteString("| " + padded(cell, widths[column], rightAligned(column)) + " ")
		}
		table.WriteString("|\n")
		if i == 0 {
			table.WriteString(rule(widths))
		}
	}
	return table.String()
}

// rightAligned: the columns that hold figures.
func rightAligned(column int) bool { return column == 0 || column >= 2 && column <= 4 }

func padded(cell string, width int, right bool) string {
	space := strings.Repeat(" ", width-utf8.RuneCountInString(cell))
	if right {
		return space + cell
	}
	return cell + space
}

func rule(widths []int) string {
	var line strings.Builder
	for column, width := range widths {
		dashes := strings.Repeat("-", width)
		if rightAligned(column) {
			dashes = dashes[1:] + ":"
		}
		line.WriteString("| " + dashes + " ")
	}
	return line.String() + "|\n"
}

// page is docs/reliability.md.
func (p proved) page() string {
	return `# What was done to it, and what held

This page is written by ` + "`make prove`" + `; edit scripts/prove instead. Every row runs the service as a process, on
real HTTP, with a real storage emulator behind a faulty wire and a simulated tenant, or says in its note what it runs
instead. A leak is an object of a grant that is in the tenant after the grant is called revoked, or a tenant that is
not as it was before the request.

` + p.where() + `.

` + p.table() + `
"Failed" counts tries that ended in any other way than the same life without trouble, or that broke a rule on the way:
a write to the tenant that nothing in the ledger had announced, a grant called revoked while something of it was there.
"Not reached" are lives in which the write that was to be troubled did not come, because some run beside each other.

` + "`make prove SEED=" + strconv.FormatUint(p.seed, 10) + "`" + ` repeats the random choices. ` + "`make test`" + ` tries a sample of every row.
`
}

// machine describes what the figures were made on.
func machine() string {
	return fmt.Sprintf("%d cores, %s, %s/%s, %s", runtime.NumCPU(), memory(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// memory is the machine's, where the system tells it the way Linux does.
func memory() string {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return "memory not known"
	}
	for line := range bytes.Lines(text) {
		fields := strings.Fields(string(line))
		if len(fields) < 2 || fields[0] != "MemTotal:" {
			continue
		}
		kilobytes, err := strconv.ParseFloat(fields[1], 64)
		if err == nil {
			return fmt.Sprintf("%.0f GB memory", kilobytes*1024/1e9)
		}
	}
	return "memory not known"
}
