"""The commands of ``siem``, grouped by what they are about; heavy modules are imported where used."""
