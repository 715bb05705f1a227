# What this system runs on a Windows host: an operation and a request in JSON go in, one JSON comes out.
# It is sent whole with each call, always the same. Nothing of a request becomes code: it is decoded, and its
# values stay values. Windows PowerShell 5.1, on Windows 10 or Server 2016 and later.
param([string] $Operation, [string] $Request)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$Notes = 'HKLM:\SOFTWARE\siem'
$TaskName = 'siem-dead-man'
$Grace = 600
$Refused = 'refused: '
$Everyone = '*S-1-1-0'
$DenyRights = 'SeDenyInteractiveLogonRight', 'SeDenyRemoteInteractiveLogonRight'

function Stop-Request([string] $Why) {
    throw ($Refused + $Why)
}

function Get-Seconds {
    [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
}

# By this host's own clock, whatever the other side's says: only how long is told. Nothing: it has no end.
function Get-End($Asked) {
    if ("$($Asked.seconds)" -eq '') { return '' }
    "$((Get-Seconds) + [long] $Asked.seconds)"
}

# --- notes: what was there before, and since when nobody has asked. Only administrators write there -------

function Get-NotePath([string] $Key) {
    if ($Key -notmatch '\A[A-Za-z0-9_-]{1,64}\z') { Stop-Request 'the key is none' }
    Join-Path $Notes $Key
}

function Read-Note([string] $Key) {
    $path = Get-NotePath $Key
    if (Test-Path -LiteralPath $path) { Get-ItemProperty -LiteralPath $path }
}

function Write-Note([string] $Key, [hashtable] $Values) {
    $path = Get-NotePath $Key
    if (-not (Test-Path -LiteralPath $path)) { $null = New-Item -Path $path -Force }
    foreach ($name in $Values.Keys) {
        $null = New-ItemProperty -LiteralPath $path -Name $name -Value ([string] $Values[$name]) -PropertyType String -Force
    }
}

function Remove-Note([string] $Key) {
    $path = Get-NotePath $Key
    if (Test-Path -LiteralPath $path) { Remove-Item -LiteralPath $path -Recurse -Force }
}

# To be asked proves that this system gets through: the wait begins anew.
function Update-Contact([string] $Key) {
    if ($null -eq (Read-Note $Key)) { return $false }
    Write-Note $Key @{ Contact = Get-Seconds }
    $true
}

# --- the dead man: a task of the host's own that gives everything back when nobody asks any more ----------

function Start-DeadMan([string] $Program) {
    if (-not (Test-Path -LiteralPath $Notes)) { $null = New-Item -Path $Notes -Force }
    $null = New-ItemProperty -LiteralPath $Notes -Name 'Program' -Value $Program -PropertyType String -Force
    $code = "& ([scriptblock]::Create((Get-ItemProperty -LiteralPath '$Notes').Program)) -Operation watch"
    $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($code))
    $what = New-ScheduledTaskAction -Execute "$env:SystemRoot\System32\WindowsPowerShell\v1.0\powershell.exe" `
        -Argument "-NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand $encoded"
    $when = New-ScheduledTaskTrigger -Once -At (Get-Date).AddMinutes(1) -RepetitionInterval (New-TimeSpan -Minutes 5)
    $who = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
    $how = New-ScheduledTaskSettingsSet -StartWhenAvailable -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries
    $null = Register-ScheduledTask -TaskName $TaskName -Action $what -Trigger $when -Principal $who -Settings $how -Force
}

function Test-DeadMan {
    $task = Get-ScheduledTask -TaskName $TaskName -ErrorAction SilentlyContinue
    ($null -ne $task) -and ("$($task.State)" -ne 'Disabled')
}

function Get-NotedKeys {
    if (Test-Path -LiteralPath $Notes) {
        Get-ChildItem -LiteralPath $Notes | ForEach-Object { $_.PSChildName }
    }
}

# When the last note is gone, so is the task, and the program that it ran.
function Stop-DeadMan {
    if (@(Get-NotedKeys).Count -gt 0) { return }
    $task = Get-ScheduledTask -TaskName $TaskName -ErrorAction SilentlyContinue
    if ($null -ne $task) { Unregister-ScheduledTask -TaskName $TaskName -Confirm:$false }
    if (Test-Path -LiteralPath $Notes) { Remove-Item -LiteralPath $Notes -Recurse -Force }
}

# Run by the task: what nobody has asked after for too long, or what is over, is given back.
function Invoke-Watch {
    $now = Get-Seconds
    $given = @()
    foreach ($key in @(Get-NotedKeys)) {
        $note = Read-Note $key
        $lost = $now - [long] $note.Contact -gt [long] $note.Patience
        $over = ($note.Until -ne '') -and ($now -gt [long] $note.Until + $Grace)
        if (-not ($lost -or $over)) { continue }
        try {
            if ($note.Kind -eq 'isolation') { Stop-Isolation $key $null } else { Stop-Lock $key $null }
            $given += $key
        } catch { continue }  # its note stays, so the next turn tries it again
    }
    Stop-DeadMan
    @{ given = $given }
}

# --- isolation: rules that block all addresses but this system's. A block counts before any other rule -----

function Get-OwnRules([string] $Key) {
    Get-NetFirewallRule -PolicyStore PersistentStore | Where-Object { $_.Group -eq "siem $Key" }
}

function Add-OwnRule([string] $Key, [string] $Name, [string] $Direction, [string] $Action, [string[]] $Addresses) {
    $null = New-NetFirewallRule -PolicyStore PersistentStore -Name "siem-$Key-$Name" -DisplayName "siem $Key $Name" `
        -Group "siem $Key" -Description 'Isolates this host. It is lifted by the system that set it, or by the task siem-dead-man.' `
        -Direction $Direction -Action $Action -RemoteAddress $Addresses -Profile Any -Enabled True
}

function Get-Isolation($Asked) {
    $noted = Update-Contact $Asked.key
    $rules = @(foreach ($rule in @(Get-OwnRules $Asked.key)) {
            $filter = $rule | Get-NetFirewallAddressFilter
            @{
                name = "$($rule.Name)"; enabled = "$($rule.Enabled)"; direction = "$($rule.Direction)"
                action = "$($rule.Action)"; addresses = @($filter.RemoteAddress | ForEach-Object { "$_" })
            }
        })
    $active = @(Get-NetFirewallProfile -PolicyStore ActiveStore)
    $own = @(Get-NetFirewallProfile -PolicyStore PersistentStore)
    $peers = @(Get-NetTCPConnection -State Established -ErrorAction SilentlyContinue |
            Where-Object { $_.LocalPort -eq [int] $Asked.port } | ForEach-Object { "$($_.RemoteAddress)" })
    @{
        rules = $rules
        enabled = @($active | Where-Object { "$($_.Enabled)" -eq 'True' } | ForEach-Object { "$($_.Name)" })
        closed = @($active | Where-Object { "$($_.AllowLocalFirewallRules)" -eq 'False' } | ForEach-Object { "$($_.Name)" })
        profiles = @($own | ForEach-Object { @{ name = "$($_.Name)"; enabled = "$($_.Enabled)" } })
        service = "$((Get-Service -Name 'MpsSvc').Status)"
        noted = $noted; watched = Test-DeadMan; peers = @($peers | Select-Object -Unique)
    }
}

# The note and the dead man come first, what keeps this system in second, what keeps all others out last.
function Start-Isolation($Asked) {
    $key = $Asked.key
    if ($null -eq (Read-Note $key)) {
        $own = @(Get-NetFirewallProfile -PolicyStore PersistentStore | ForEach-Object {
                @{ name = "$($_.Name)"; enabled = "$($_.Enabled)" }
            })
        Write-Note $key @{
            Kind = 'isolation'; Profiles = ConvertTo-Json -InputObject $own -Compress
            Contact = Get-Seconds; Patience = [long] $Asked.patience; Until = Get-End $Asked
        }
    }
    Write-Note $key @{ Contact = Get-Seconds; Patience = [long] $Asked.patience; Until = Get-End $Asked }
    Start-DeadMan $Asked.program
    foreach ($rule in @(Get-OwnRules $key)) { Remove-NetFirewallRule -InputObject $rule }
    Add-OwnRule $key 'us-in' 'Inbound' 'Allow' @($Asked.us)
    Add-OwnRule $key 'us-out' 'Outbound' 'Allow' @($Asked.us)
    foreach ($one in @(Get-NetFirewallProfile -PolicyStore PersistentStore)) {
        if ("$($one.Enabled)" -ne 'True') { Set-NetFirewallProfile -Name $one.Name -Enabled True }
    }
    Add-OwnRule $key 'others-out' 'Outbound' 'Block' @($Asked.others)
    Add-OwnRule $key 'others-in' 'Inbound' 'Block' @($Asked.others)
    @{ done = $true }
}

function Stop-Isolation([string] $Key, $Profiles) {
    $note = Read-Note $Key
    foreach ($rule in @(Get-OwnRules $Key)) { Remove-NetFirewallRule -InputObject $rule }
    if ($null -ne $note) { $Profiles = ConvertFrom-Json $note.Profiles }
    foreach ($one in @($Profiles)) {
        if (($null -ne $one) -and ($one.enabled -in 'False', 'NotConfigured')) {
            Set-NetFirewallProfile -Name $one.name -Enabled $one.enabled
        }
    }
    Remove-Note $Key
}

# --- lock: nobody may log on here any more, and who is there is sent back to the log-on screen -------------

function Use-Folder([scriptblock] $Work) {
    $folder = Join-Path "$env:SystemRoot\Temp" ('siem-' + [guid]::NewGuid())
    $null = New-Item -ItemType Directory -Path $folder
    try { & $Work $folder } finally { Remove-Item -LiteralPath $folder -Recurse -Force }
}

function Read-Rights {
    Use-Folder {
        param($folder)
        & "$env:SystemRoot\System32\secedit.exe" /export /cfg "$folder\rights.inf" /areas USER_RIGHTS /quiet | Out-Null
        if ($LASTEXITCODE -ne 0) { throw "secedit /export ended with $LASTEXITCODE" }
        $held = @{}
        foreach ($right in $DenyRights) { $held[$right] = @() }
        foreach ($line in Get-Content -LiteralPath "$folder\rights.inf") {
            if ($line -match '\A\s*(SeDeny(?:Remote)?InteractiveLogonRight)\s*=\s*(.*?)\s*\z') {
                $held[$Matches[1]] = @($Matches[2].Split(',') | ForEach-Object { $_.Trim() } | Where-Object { $_ -ne '' })
            }
        }
        $held
    }
}

function Write-Rights([hashtable] $Held) {
    Use-Folder {
        param($folder)
        $lines = '[Unicode]', 'Unicode=yes', '[Version]', 'signature="$CHICAGO$"', 'Revision=1', '[Privilege Rights]'
        foreach ($right in $DenyRights) { $lines += "$right = " + (@($Held[$right]) -join ',') }
        Set-Content -LiteralPath "$folder\rights.inf" -Value $lines -Encoding Unicode
        & "$env:SystemRoot\System32\secedit.exe" /configure /db "$folder\rights.sdb" /cfg "$folder\rights.inf" /areas USER_RIGHTS /quiet | Out-Null
        if ($LASTEXITCODE -notin 0, 3) { throw "secedit /configure ended with $LASTEXITCODE" }
    }
}

$Sessions = @'
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
public static class SiemSessions {
    [StructLayout(LayoutKind.Sequential)]
    struct Info { public int Id; public IntPtr Name; public int State; }
    [DllImport("wtsapi32.dll", SetLastError = true)]
    static extern bool WTSEnumerateSessionsW(IntPtr server, int reserved, int version, out IntPtr found, out int count);
    [DllImport("wtsapi32.dll")]
    static extern void WTSFreeMemory(IntPtr memory);
    [DllImport("wtsapi32.dll", SetLastError = true)]
    static extern bool WTSDisconnectSession(IntPtr server, int id, bool wait);
    public static int[] Active() {
        IntPtr found; int count;
        if (!WTSEnumerateSessionsW(IntPtr.Zero, 0, 1, out found, out count))
            throw new System.ComponentModel.Win32Exception(Marshal.GetLastWin32Error());
        var active = new List<int>();
        int size = Marshal.SizeOf(typeof(Info));
        for (int number = 0; number < count; number++) {
            var one = (Info)Marshal.PtrToStructure(new IntPtr(found.ToInt64() + number * size), typeof(Info));
            if (one.State == 0) active.Add(one.Id);
        }
        WTSFreeMemory(found);
        return active.ToArray();
    }
    public static void Disconnect(int id) {
        if (!WTSDisconnectSession(IntPtr.Zero, id, true))
            throw new System.ComponentModel.Win32Exception(Marshal.GetLastWin32Error());
    }
}
'@

# Sessions that somebody works in now: WTSActive, by the Remote Desktop Services API.
function Get-ActiveSessions {
    if ($null -eq ('SiemSessions' -as [type])) { Add-Type -TypeDefinition $Sessions }
    [SiemSessions]::Active()
}

function Get-Lock($Asked) {
    $noted = Update-Contact $Asked.key
    $held = Read-Rights
    @{
        local = @($held[$DenyRights[0]]); remote = @($held[$DenyRights[1]]); active = @(Get-ActiveSessions)
        noted = $noted; watched = Test-DeadMan
    }
}

function Start-Lock($Asked) {
    $key = $Asked.key
    $held = Read-Rights
    if ($null -eq (Read-Note $key)) {
        $had = @($DenyRights | Where-Object { $Everyone -in $held[$_] })
        Write-Note $key @{
            Kind = 'lock'; Had = ConvertTo-Json -InputObject $had -Compress
            Contact = Get-Seconds; Patience = [long] $Asked.patience; Until = Get-End $Asked
        }
    }
    Write-Note $key @{ Contact = Get-Seconds; Patience = [long] $Asked.patience; Until = Get-End $Asked }
    Start-DeadMan $Asked.program
    $wanted = @{}
    foreach ($right in $DenyRights) { $wanted[$right] = @($held[$right] | Where-Object { $_ -ne $Everyone }) + $Everyone }
    Write-Rights $wanted
    foreach ($id in @(Get-ActiveSessions)) { [SiemSessions]::Disconnect($id) }
    @{ done = $true }
}

# What others wrote meanwhile stays; only Everyone goes, where it was not there before.
function Stop-Lock([string] $Key, $Had) {
    $note = Read-Note $Key
    if ($null -ne $note) { $Had = ConvertFrom-Json $note.Had }
    $held = Read-Rights
    $wanted = @{}
    foreach ($right in $DenyRights) {
        $wanted[$right] = if ($right -in @($Had)) { @($held[$right]) } else { @($held[$right] | Where-Object { $_ -ne $Everyone }) }
    }
    Write-Rights $wanted
    Remove-Note $Key
}

# --- the end of what is over moves: both kinds ------------------------------------------------------------

function Set-End($Asked) {
    if ($null -ne (Read-Note $Asked.key)) { Write-Note $Asked.key @{ Until = Get-End $Asked; Contact = Get-Seconds } }
    @{ done = $true }
}

# --- accounts of the host's own ---------------------------------------------------------------------------

function Find-Account($Asked) {
    if ((Get-CimInstance -ClassName Win32_ComputerSystem).DomainRole -ge 4) {
        Stop-Request 'it is a domain controller, which has no accounts of its own: disable the user in the directory'
    }
    $place = "$($Asked.place)"
    if (($place -ne '') -and ($place -ne '.') -and ($place -ne $env:COMPUTERNAME)) {
        Stop-Request "$place is another place than this host ($env:COMPUTERNAME): disable the user in the directory"
    }
    $found = @(Get-LocalUser | Where-Object { $_.Name -eq $Asked.name })
    if ($found.Count -ne 1) { Stop-Request "it has no account of its own that is called $($Asked.name)" }
    $found[0]
}

# By ADSI: Get-LocalGroupMember fails for a group that holds an account which is gone.
function Get-Members([string] $Group) {
    foreach ($member in @(([ADSI] "WinNT://$env:COMPUTERNAME/$Group,group").PSBase.Invoke('Members'))) {
        $kind = $member.GetType()
        $sid = $kind.InvokeMember('objectSid', 'GetProperty', $null, $member, $null)
        @{
            name = "$($kind.InvokeMember('Name', 'GetProperty', $null, $member, $null))"
            sid = (New-Object Security.Principal.SecurityIdentifier $sid, 0).Value
        }
    }
}

function Get-Account($Asked) {
    $account = Find-Account $Asked
    $groups = @(foreach ($group in Get-LocalGroup) {
            if ("$($account.SID)" -in @(Get-Members $group.Name | ForEach-Object { $_.sid })) { "$($group.Name)" }
        })
    @{ name = "$($account.Name)"; sid = "$($account.SID)"; enabled = [bool] $account.Enabled; groups = $groups }
}

function Set-Account($Asked) {
    $account = Find-Account $Asked
    if ([bool] $Asked.enabled) {
        Enable-LocalUser -SID $account.SID
    } else {
        if ("$($account.SID)" -eq "$([Security.Principal.WindowsIdentity]::GetCurrent().User)") {
            Stop-Request "$($account.Name) is the account that this system comes with"
        }
        Disable-LocalUser -SID $account.SID
    }
    @{ done = $true }
}

# --- one process ------------------------------------------------------------------------------------------

# The open handle keeps its number from being given to another process while it is looked at and ended.
function Open-Process($Asked) {
    try { $process = [Diagnostics.Process]::GetProcessById([int] $Asked.pid) } catch [ArgumentException] { return }
    try {
        $null = $process.Handle
        if (-not $process.HasExited) { $process }
    } catch [ComponentModel.Win32Exception] {
        Stop-Request "process $($Asked.pid) ($($process.ProcessName)) is protected by Windows"
    }
}

function Get-ProgramPath($Process) {
    try { "$($Process.MainModule.FileName)" } catch { '' }
}

function Get-OneProcess($Asked) {
    $process = Open-Process $Asked
    if ($null -eq $process) { return @{ there = $false } }
    @{
        there = $true; name = "$($process.ProcessName)"; started = "$($process.StartTime.ToUniversalTime().Ticks)"
        path = Get-ProgramPath $process; session = $process.SessionId
    }
}

function Stop-OneProcess($Asked) {
    $process = Open-Process $Asked
    if ($null -eq $process) { return @{ ended = $false } }
    if ("$($process.StartTime.ToUniversalTime().Ticks)" -ne "$($Asked.started)") { return @{ ended = $false } }
    $name, $path = $process.ProcessName, (Get-ProgramPath $process)
    $vital = 'smss', 'csrss', 'wininit', 'winlogon', 'services', 'lsass', 'lsaiso', 'svchost', 'dwm'
    if (($name -in $vital) -and (($path -eq '') -or ($path -like "$env:SystemRoot\System32\*"))) {
        Stop-Request "$name carries Windows itself: without it the host goes down"
    }
    if ($process.Id -eq $global:PID) { Stop-Request 'it is the process that this system works in' }
    $process.Kill()
    @{ ended = $process.WaitForExit(5000) }
}

# --- triage: what an investigator asks first; a part that fails is named and leaves the others ------------

function Get-Triage($Asked) {
    $limit = [int] $Asked.limit
    $parts = @{}
    $missing = @()
    $work = [ordered] @{
        processes = {
            $owners = @{}
            Get-Process -IncludeUserName | ForEach-Object { $owners[[int] $_.Id] = "$($_.UserName)" }
            Get-CimInstance -ClassName Win32_Process | Sort-Object CreationDate -Descending | ForEach-Object {
                "$($_.ProcessId) of $($_.ParentProcessId), $($owners[[int] $_.ProcessId]), since $($_.CreationDate): $($_.ExecutablePath) | $($_.CommandLine)"
            }
        }
        hashes = {
            Get-CimInstance -ClassName Win32_Process | ForEach-Object { $_.ExecutablePath } | Where-Object { $_ } |
                Sort-Object -Unique | ForEach-Object {
                    $file = $_
                    try { "$((Get-FileHash -LiteralPath $file -Algorithm SHA256).Hash.ToLower()) $file" } catch { "unread $file" }
                }
        }
        connections = {
            Get-NetTCPConnection | Where-Object { "$($_.State)" -in 'Established', 'Listen' } | ForEach-Object {
                "$($_.State) $($_.LocalAddress):$($_.LocalPort) $($_.RemoteAddress):$($_.RemotePort), process $($_.OwningProcess)"
            }
        }
        logons = {
            Get-WinEvent -FilterHashtable @{ LogName = 'Security'; Id = 4624 } -MaxEvents 300 | ForEach-Object {
                $type = [int] $_.Properties[8].Value
                if ($type -in 2, 3, 7, 10, 11) {
                    "$($_.TimeCreated.ToUniversalTime().ToString('o')) $($_.Properties[6].Value)\$($_.Properties[5].Value), type $type, from $($_.Properties[18].Value)"
                }
            }
        }
        tasks = {
            Get-ScheduledTask | Where-Object { $_.TaskPath -notlike '\Microsoft\*' } | ForEach-Object {
                $done = @($_.Actions | Where-Object { $_.PSObject.Properties['Execute'] } | ForEach-Object { "$($_.Execute) $($_.Arguments)" })
                "$($_.TaskPath)$($_.TaskName) ($($_.State), $($_.Principal.UserId)): $($done -join '; ')"
            }
        }
        services = {
            Get-CimInstance -ClassName Win32_Service | Where-Object { $_.PathName -notlike "*\System32\svchost.exe*" } | ForEach-Object {
                "$($_.Name) ($($_.State), $($_.StartMode), $($_.StartName)): $($_.PathName)"
            }
        }
        autoruns = {
            Get-CimInstance -ClassName Win32_StartupCommand | ForEach-Object { "$($_.Location), $($_.User), $($_.Name): $($_.Command)" }
        }
        accounts = {
            Get-LocalUser | ForEach-Object { "$($_.Name): enabled $($_.Enabled), last log-on $($_.LastLogon), password set $($_.PasswordLastSet)" }
            Get-Members (Get-LocalGroup -SID 'S-1-5-32-544').Name | ForEach-Object { "administrator: $($_.name), $($_.sid)" }
        }
    }
    $totals = @{}
    foreach ($part in $work.Keys) {
        try { $lines = @(& $work[$part]) } catch { $lines = @(); $missing += "${part}: $($_.Exception.Message)" }
        $totals[$part] = $lines.Count
        $parts[$part] = @($lines | Select-Object -First $limit | ForEach-Object {
                $text = "$_"
                $text.Substring(0, [Math]::Min($text.Length, 400))
            })
    }
    @{ parts = $parts; totals = $totals; missing = $missing; taken = [DateTime]::UtcNow.ToString('o') }
}

function Get-Self {
    $system = Get-CimInstance -ClassName Win32_OperatingSystem
    $who = [Security.Principal.WindowsPrincipal] [Security.Principal.WindowsIdentity]::GetCurrent()
    @{
        name = $env:COMPUTERNAME; system = "$($system.Caption) $($system.Version)"; version = "$($PSVersionTable.PSVersion)"
        user = $who.Identity.Name; administrator = $who.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
    }
}

try {
    $asked = if ($Request) { ConvertFrom-Json -InputObject $Request } else { $null }
    $answer = switch -CaseSensitive ($Operation) {
        'isolate' { Start-Isolation $asked }
        'look_isolation' { Get-Isolation $asked }
        'release' { Stop-Isolation $asked.key $asked.profiles; Stop-DeadMan; @{ done = $true } }
        'lock' { Start-Lock $asked }
        'look_lock' { Get-Lock $asked }
        'unlock' { Stop-Lock $asked.key $asked.had; Stop-DeadMan; @{ done = $true } }
        'set_end' { Set-End $asked }
        'watch' { Invoke-Watch }
        'look_account' { Get-Account $asked }
        'set_account' { Set-Account $asked }
        'look_process' { Get-OneProcess $asked }
        'end_process' { Stop-OneProcess $asked }
        'triage' { Get-Triage $asked }
        'self' { Get-Self }
        default { Stop-Request 'there is no such operation' }
    }
    $out = @{ answer = $answer }
} catch {
    $why = $_.Exception.Message
    $denied = ($_.Exception -is [UnauthorizedAccessException]) -or ($_.CategoryInfo.Category -eq 'PermissionDenied')
    if ($why.StartsWith($Refused)) { $out = @{ refused = $why.Substring($Refused.Length) } }
    elseif ($denied) { $out = @{ refused = "the account is not allowed to: $why" } }
    else { $out = @{ failed = "$why ($($_.InvocationInfo.ScriptLineNumber))" } }
}
ConvertTo-Json -InputObject $out -Compress -Depth 6
