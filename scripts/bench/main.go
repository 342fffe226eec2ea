// Command bench measures what the product promises about itself, on the package that
// is shipped and, for the judgement of a whole tenant, by the benchmark of that code;
// it prints one table: what was aimed at and what was measured. A missed aim is printed
// as such; it is not an error.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"

	"mailgrant/scripts/session"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := bench(ctx, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench measures what the command package has just built, and prints.
func bench(ctx context.Context, out io.Writer) error {
	root, err := session.Root()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Measuring, about half a minute ...")
	folder := filepath.Join(root, "build", "package")
	sizes, err := sizes(folder, filepath.Join(root, "build", "mailgrant.zip"))
	if err != nil {
		return err
	}
	figures, err := measure(ctx, session.Options{Root: root, Package: folder, RealTime: true})
	if err != nil {
		return err
	}
	exposure, err := exposure(ctx, root)
	if err != nil {
		return err
	}
	table(out, append(slices.Insert(figures, memoryEnd, sizes...), exposure...))
	return nil
}

// sizes weighs what is shipped.
func sizes(folder, archive string) ([]figure, error) {
	binary, err := os.Stat(filepath.Join(folder, "mailgrant"))
	if err != nil {
		return nil, fmt.Errorf("weighing the binary, which make package builds: %w", err)
	}
	zip, err := os.Stat(archive)
	if err != nil {
		return nil, fmt.Errorf("weighing the package, which make package builds: %w", err)
	}
	return []figure{
		{"binary", megabytes(binary.Size()), 55, "MB"},
		{"package (zip)", megabytes(zip.Size()), 15, "MB"},
	}, nil
}

// memoryEnd is where the rows on the process end, and those on what is shipped fit in.
const memoryEnd = 3

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

// measure starts the package often, and then lives one life of a grant on it.
func measure(ctx context.Context, options session.Options) ([]figure, error) {
	start, err := startTime(ctx, options.Package)
	if err != nil {
		return nil, err
	}
	running, err := session.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	life, err := life(ctx, running)
	err = errors.Join(err, running.Close())
	return append([]figure{start}, life...), err
}

// figure is one row: what was measured and the most that it should be; an aim of 0
// means that the row is for information.
type figure struct {
	name     string
	measured float64
	aim      float64
	unit     string
}

func (f figure) verdict() string {
	switch {
	case f.aim == 0:
		return ""
	case f.measured > f.aim:
		return "MISSED"
	}
	return "met"
}

// number writes counts whole and sizes with one digit.
func (f figure) number(value float64) string {
	if f.unit == "" {
		return fmt.Sprintf("%.0f", value)
	}
	return fmt.Sprintf("%.1f %s", value, f.unit)
}

func table(out io.Writer, figures []figure) {
	fmt.Fprintf(out, "\n%s/%s, %d cores, %s\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	fmt.Fprintf(out, "| %-62s | %10s | %10s | %-6s |\n", "figure", "aim", "measured", "")
	fmt.Fprintf(out, "| %s | %s: | %s: | %s |\n", dashes(62), dashes(9), dashes(9), dashes(6))
	for _, one := range figures {
		aim := ""
		if one.aim > 0 {
			aim = one.number(one.aim)
		}
		fmt.Fprintf(out, "| %-62s | %10s | %10s | %-6s |\n", one.name, aim, one.number(one.measured), one.verdict())
	}
}

func dashes(count int) string {
	line := make([]byte, count)
	for i := range line {
		line[i] = '-'
	}
	return string(line)
}
