package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// screen prints the story. Progress is dots on one line, which a terminal forgets and
// a file keeps.
type screen struct {
	out io.Writer
	// colours: out is a terminal that takes colours.
	colours bool
	// sentences counts what was told.
	sentences int
	// open: a line of progress has not ended yet.
	open bool
}

func newScreen(out io.Writer, colours bool) *screen { return &screen{out: out, colours: colours} }

// colours reports whether a file is a terminal that wants colours (no-color.org).
func colours(file *os.File) bool {
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

const (
	bold  = "1"
	faint = "2"
	red   = "31"
	green = "32"
)

func (s *screen) paint(code, text string) string {
	if !s.colours {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s *screen) line(text string) {
	s.done()
	fmt.Fprintln(s.out, text)
}

func (s *screen) heading(title string) { s.line(s.paint(bold, title)) }

// sentence prints one that holds, with the simulated time at which it does.
func (s *screen) sentence(at time.Time, text string) {
	s.sentences++
	s.line(s.paint(faint, at.UTC().Format("  02 Jan 15:04  ")) + text)
}

// row prints one line of a table, cut to the width of a screen.
func (s *screen) row(text string) {
	const width = 118
	text = strings.TrimRight(text, " ")
	if len([]rune(text)) > width {
		text = string([]rune(text)[:width-1]) + "…"
	}
	s.line("  " + text)
}

// wait begins a line of progress, step adds a dot to it, and whatever is printed
// next ends it.
func (s *screen) wait(text string) {
	s.done()
	fmt.Fprint(s.out, s.paint(faint, text+" ..."))
	s.open = true
}

func (s *screen) step() { fmt.Fprint(s.out, s.paint(faint, ".")) }

func (s *screen) done() {
	switch {
	case s.open && s.colours:
		fmt.Fprint(s.out, "\r\x1b[K")
	case s.open:
		fmt.Fprintln(s.out)
	}
	s.open = false
}

func (s *screen) last(text string) { s.line(s.paint(green, text)) }

func (s *screen) broken() {
	s.line(s.paint(red, "  The story ends here: something that it was about to say does not hold."))
}
