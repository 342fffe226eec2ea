package tenant

// The refusals of the cmdlets for groups, policies and mailbox permissions. All types and texts are
// inferred but the text of a full policy space (PowerShell reference, New-ApplicationAccessPolicy).

func alreadyMember(name string) failure {
	return newFailure("Microsoft.Exchange.Management.Tasks.MemberAlreadyExistsException", name,
		"The recipient '%s' is already a member of the group.",
		"Der Empfänger '%s' ist bereits Mitglied der Gruppe.")
}

func notMember(name string) failure {
	return newFailure("Microsoft.Exchange.Management.Tasks.MemberNotFoundException", name,
		"The recipient '%s' isn't a member of the group.",
		"Der Empfänger '%s' ist kein Mitglied der Gruppe.")
}

func notManager(name string) failure {
	return newFailure(taskSpace+"OperationRequiresGroupManagerException", name,
		"You don't have sufficient permissions. This operation can only be performed by a manager of the group '%s'.",
		"Sie haben nicht genügend Berechtigungen. Nur ein Verwalter der Gruppe '%s' kann dies tun.")
}

func roleGroupRefused(role string) failure {
	return newFailure(taskSpace+"TaskInvalidOperationException", role,
		"The management role '%s' can't be assigned to a role group.",
		"Die Verwaltungsrolle '%s' kann keiner Rollengruppe zugewiesen werden.")
}

func noSecurityPrincipal(name string) failure {
	return newFailure(taskSpace+"RecipientTaskException", name,
		"The recipient '%s' can't be used as a policy scope because it isn't a security principal.",
		"Der Empfänger '%s' kann nicht als Richtlinienbereich verwendet werden, da er kein Sicherheitsprinzipal ist.")
}

func policySpaceFull() failure {
	return newFailure(taskSpace+"TaskInvalidOperationException", "",
		"The total size of App Access Policies exceeded the limit.",
		"Die Gesamtgröße der App-Zugriffsrichtlinien hat den Grenzwert überschritten.")
}

func tooManyEntries(name string) failure {
	return newFailure(taskSpace+"TaskInvalidOperationException", name,
		"The access control list of the mailbox '%s' is full.",
		"Die Zugriffssteuerungsliste des Postfachs '%s' ist voll.")
}
