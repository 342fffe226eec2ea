package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// row is what one row's test reports, for one mechanism.
type row struct {
	Number    int     `json:"number"`
	Name      string  `json:"name"`
	Mechanism string  `json:"mechanism"`
	Tried     int     `json:"tried"`
	Failed    int     `json:"failed"`
	Note      string  `json:"note"`
	Seed      uint64  `json:"seed"`
	Seconds   float64 `json:"seconds"`
}

// names are the rows that there have to be, in their order. A row that reports under
// another name is shown under that one.
func names() []string {
	return []string{
		"SIGKILL before and after every outgoing write",
		"done but the reply lost, and done late, on every write",
		"the same delivery 100 times at once, and again a day later",
		"30 % 429 and 503 for ten minutes",
		"two and five sweepers on the same due rows",
		"no sweep for 32 minutes and for 48 hours",
		"storage outage in each phase",
		"token failure in each phase",
		"revocation impossible for seven days; taken away by hand; workload deleted and restored",
		"overlapping grants",
		"life-cycle model check",
		"every kind of drift among clean grants",
		"an answer that proves nothing is no proof",
		"ends corrupted in the table",
		"history equals the tenant's change log",
		"fuzz of every parser",
		"deliberate breaks of a rule, each seen by its row",
	}
}

// readRows reads one row a line. A file that is not there holds none.
func readRows(path string) ([]row, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the rows: %w", err)
	}
	defer file.Close()
	var rows []row
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var one row
		err := json.Unmarshal(lines.Bytes(), &one)
		if err != nil {
			return rows, fmt.Errorf("reading the row %q: %w", lines.Text(), err)
		}
		rows = append(rows, one)
	}
	return rows, lines.Err()
}

func (r row) progress() string {
	verdict := "nothing failed"
	if r.Failed > 0 {
		verdict = fmt.Sprintf("%d FAILED", r.Failed)
	}
	return fmt.Sprintf("row %2d: %s: %d tried, %s (%s)", r.Number, r.Name, r.Tried, verdict, r.duration())
}

func (r row) duration() time.Duration {
	return time.Duration(r.Seconds * float64(time.Second)).Round(time.Second)
}

// proved is a whole run.
type proved struct {
	rows    []row
	seed    uint64
	day     time.Time
	took    time.Duration
	machine string
	// parts is from how many runs the rows were gathered; 0 for one whole run.
	parts int
}

// without returns the rows that were not reported again.
func (p proved) without(again []row) []row {
	return slices.DeleteFunc(slices.Clone(p.rows), func(one row) bool {
		return slices.ContainsFunc(again, func(other row) bool {
			return other.Number == one.Number && other.Name == one.Name && other.Mechanism == one.Mechanism
		})
	})
}

// lines are the table's rows in their order, those that did not report among them.
func (p proved) lines() []row {
	var lines []row
	wanted := names()
	for i, name := range wanted {
		reported := p.numbered(i + 1)
		if len(reported) == 0 {
			lines = append(lines, row{Number: i + 1, Name: name, Note: "not run"})
		}
		lines = append(lines, reported...)
	}
	for _, one := range p.rows {
		if one.Number > len(wanted) {
			lines = append(lines, one)
		}
	}
	return lines
}

func (p proved) numbered(number int) []row {
	var found []row
	for _, one := range p.rows {
		if one.Number == number {
			found = append(found, one)
		}
	}
	return found
}

// failure names the rows of which something failed; nil when there are none.
func (p proved) failure() error {
	var failed []string
	for _, one := range p.rows {
		if one.Failed > 0 {
			failed = append(failed, fmt.Sprint(one.Number))
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("something failed in row %s", strings.Join(failed, ", "))
	}
	return nil
}

// figures are a row's tried and failed, empty for one that was not run.
func (r row) figures() (string, string, string) {
	if r.Tried == 0 && r.Failed == 0 {
		return "", "", ""
	}
	return fmt.Sprint(r.Tried), fmt.Sprint(r.Failed), r.duration().String()
}

// about is the note with the mechanism where a row is not about all of them.
func (r row) about() string {
	if r.Mechanism == "" || r.Note == "" {
		return r.Mechanism + r.Note
	}
	return r.Mechanism + ": " + r.Note
}
