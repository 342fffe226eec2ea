package host

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
)

// The levels that lines get in the host's log.
const (
	levelInformation = "Information"
	levelWarning     = "Warning"
	levelError       = "Error"
)

// workerPrefix marks a line that a worker wants to be taken for the host's own
// (azure-functions-host, WorkerConstants).
const workerPrefix = "LanguageWorkerConsoleLog"

// logger writes whole lines, "[level] source: text", from many goroutines.
type logger struct {
	mu  sync.Mutex
	out io.Writer
}

func (l *logger) line(level, source, text string) {
	if l.out == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// A log that cannot be written must not stop what it tells about.
	_, _ = fmt.Fprintf(l.out, "[%s] %s: %s\n", level, source, text)
}

func (l *logger) printf(level, format string, values ...any) {
	l.line(level, "host", fmt.Sprintf(format, values...))
}

// stream cuts one output stream of the child into lines and gives each a
// level. Whatever structure a line has is lost to the host, as it really is.
type stream struct {
	log    *logger
	errors bool
	rest   []byte
}

func (s *stream) Write(p []byte) (int, error) {
	s.rest = append(s.rest, p...)
	for {
		line, rest, found := bytes.Cut(s.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		s.emit(string(line))
		s.rest = rest
	}
}

// flush writes a last line without an end.
func (s *stream) flush() {
	if len(s.rest) > 0 {
		s.emit(string(s.rest))
		s.rest = nil
	}
}

// emit applies the level rules: standard output is Information; standard error
// is Error unless the line speaks of a warning.
func (s *stream) emit(line string) {
	line = strings.TrimSuffix(line, "\r")
	own, marked := strings.CutPrefix(line, workerPrefix)
	switch {
	case marked:
		s.log.line(levelInformation, "host", own)
	case !s.errors:
		s.log.line(levelInformation, "handler", line)
	case strings.Contains(strings.ToLower(line), "warn"):
		s.log.line(levelWarning, "handler", line)
	default:
		s.log.line(levelError, "handler", line)
	}
}
