package store

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Key length limit: Microsoft Learn, "Understanding the Table service data
// model" gives 1 KiB of UTF-16 for each key, that is 512 units; bytes of UTF-8
// are never fewer than units.
const maxKeyBytes = 512

// checkKey refuses what the table service refuses in a key, and also the quote
// and the percent sign: the Go client doubles quotes on some paths and not on
// others, and the service is known to decode percent signs in addresses twice.
func checkKey(key string) error {
	switch {
	case len(key) > maxKeyBytes:
		return fmt.Errorf("key of %d bytes, at most %d", len(key), maxKeyBytes)
	case !utf8.ValidString(key):
		return errors.New("key is not UTF-8")
	}
	for _, character := range key {
		if unicode.IsControl(character) || strings.ContainsRune(`/\#?'%`, character) {
			return fmt.Errorf("key holds %q", character)
		}
	}
	return nil
}

// checkName is checkKey for keys that must not be empty.
func checkName(key string) error {
	if key == "" {
		return errors.New("key is empty")
	}
	return checkKey(key)
}

// checkPlace checks partition and row of the ledger and work tables.
func checkPlace(partition, key string) error {
	err := checkName(partition)
	if err != nil {
		return fmt.Errorf("partition: %w", err)
	}
	err = checkName(key)
	if err != nil {
		return fmt.Errorf("row: %w", err)
	}
	return nil
}

// afterPrefix returns the least key that sorts after every key with this prefix.
// The prefix must end in an ASCII character, so that adding one to it is exact.
func afterPrefix(prefix string) (string, error) {
	err := checkName(prefix)
	if err != nil {
		return "", err
	}
	last := prefix[len(prefix)-1]
	if last >= utf8.RuneSelf-1 {
		return "", errors.New("prefix must end in an ASCII character")
	}
	return prefix[:len(prefix)-1] + string(rune(last+1)), nil
}

// quoted makes a filter literal of value.
func quoted(value string) string {
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}
