// Package powershell reads a script as PowerShell's own tokenizer would, as far as a
// printed plan goes, and tells the calls in it with their parameters. It is strict:
// whatever could be something other than a call with constant parameters (a string in
// which variables count, a second statement on a line, a character that hides what a line
// says) is a fault.
//
// It stands in for PowerShell in tests. It must not run anything, and it shares nothing
// with what prints the scripts.
package powershell

import (
	"fmt"
	"slices"
	"strings"
)

// Call is one statement: a cmdlet with its parameters, the keyword return, or the
// assignment of a text to a variable, whose name is then "=".
type Call struct {
	// Line counts from 1.
	Line int
	// Into is the variable that takes the result, without its sign; empty for none.
	Into string
	Name string
	// Parameters are a string, a bool, a []string or a Variable each.
	Parameters map[string]any
	// Filters are properties and the values that the result is narrowed to by them.
	Filters [][2]string
}

// Variable is the use of what an earlier call returned.
type Variable struct {
	// Call is the place of that call among those that were read.
	Call int
	// Path are the properties and methods that are asked of it, such as .Guid.ToString().
	Path string
}

// Read returns the calls in their order. The error names the line of the first thing that
// is not plainly one of them.
func Read(script string) ([]Call, error) {
	tokens, err := scan(script)
	if err != nil {
		return nil, err
	}
	reader := reader{tokens: tokens, variables: map[string]int{}}
	for !reader.at(end) {
		if reader.at(newline) {
			reader.next()
			continue
		}
		err := reader.statement()
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", reader.tokens[reader.place].line, err)
		}
	}
	return reader.calls, nil
}

type reader struct {
	tokens []token
	place  int
	calls  []Call
	// variables are the places of the calls that they were assigned from.
	variables map[string]int
}

func (r *reader) at(kind kind) bool { return r.tokens[r.place].kind == kind }

// next returns the present token and goes on to the one after; the end stays.
func (r *reader) next() token {
	present := r.tokens[r.place]
	if present.kind != end {
		r.place++
	}
	return present
}

func (r *reader) statement() error {
	made := Call{Line: r.tokens[r.place].line, Parameters: map[string]any{}}
	if r.at(variable) {
		name := r.next().text
		if strings.Contains(name, ".") || !r.at(equals) {
			return fmt.Errorf("$%s is no assignment", name)
		}
		r.next()
		made.Into = name
	}
	err := r.command(&made)
	if err != nil {
		return err
	}
	if !r.at(newline) && !r.at(end) {
		return fmt.Errorf("%q comes after the statement", r.tokens[r.place].text)
	}
	if made.Into != "" && made.Into != "null" {
		r.variables[made.Into] = len(r.calls)
	}
	r.calls = append(r.calls, made)
	return nil
}

func (r *reader) command(made *Call) error {
	if r.at(text) && made.Into != "" {
		made.Name, made.Parameters["Value"] = "=", r.next().text
		return nil
	}
	if !r.at(word) {
		return fmt.Errorf("%q is no cmdlet", r.tokens[r.place].text)
	}
	made.Name = r.next().text
	if !strings.Contains(made.Name, "-") && made.Name != "return" {
		return fmt.Errorf("%q is no cmdlet", made.Name)
	}
	for r.at(parameter) {
		err := r.parameter(made)
		if err != nil {
			return err
		}
	}
	for r.at(pipe) {
		r.next()
		err := r.filter(made)
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) parameter(made *Call) error {
	name := r.next()
	_, twice := made.Parameters[name.text]
	if twice {
		return fmt.Errorf("-%s is there twice", name.text)
	}
	switch {
	case name.flag != "":
		made.Parameters[name.text] = name.flag == "$true"
	case r.at(text):
		made.Parameters[name.text] = r.next().text
	case r.at(list):
		made.Parameters[name.text] = r.next().items
	case r.at(variable):
		used, path, _ := strings.Cut(r.next().text, ".")
		from, known := r.variables[used]
		if !known {
			return fmt.Errorf("$%s was not assigned", used)
		}
		made.Parameters[name.text] = Variable{Call: from, Path: path}
	default:
		return fmt.Errorf("-%s has no value", name.text)
	}
	return nil
}

// filter reads: Where-Object -Property NAME -EQ -Value 'TEXT'.
func (r *reader) filter(made *Call) error {
	var read []string
	for range 5 {
		read = append(read, r.next().text)
	}
	value := r.next()
	if !slices.Equal([]string{read[0], read[1], read[3], read[4]}, []string{"Where-Object", "Property", "EQ", "Value"}) || value.kind != text {
		return fmt.Errorf("the pipe does not lead into a plain comparison: %q", read)
	}
	made.Filters = append(made.Filters, [2]string{read[2], value.text})
	return nil
}
